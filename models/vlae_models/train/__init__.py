"""Training: batches, optimisers, the loop."""
