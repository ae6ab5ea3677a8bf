"""From a float network to a released model folder and back, and what a model is worth."""
