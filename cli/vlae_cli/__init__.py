"""The commands: thin layers of click over the codec and the training package."""
