"""Image sets from plain files, for training and evaluation."""
