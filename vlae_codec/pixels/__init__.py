"""Exact and sampled pixels given z: Bernoulli and mixtures of logistic distributions."""
