"""A lossy image codec from the Variational Lossy Autoencoder (Chen et al., arXiv 1611.02731)."""

__version__ = "0.1.0"
