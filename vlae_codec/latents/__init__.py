"""Codes for z: tree search, relative entropy coding, bins for bits-back."""
