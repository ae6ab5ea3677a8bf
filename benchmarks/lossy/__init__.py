"""Lossy photographs and graphics: bytes and quality of our models and of the codecs that people use."""
