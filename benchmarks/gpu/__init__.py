"""Scripts that prepare and run the training of photo models on a GPU."""
