"""The model for colour pictures of any size: fully convolutional, one model for every rate."""
