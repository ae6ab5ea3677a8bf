"""The photo family: transform coding of photographs of any size with a learnt prior, one model for every rate."""
