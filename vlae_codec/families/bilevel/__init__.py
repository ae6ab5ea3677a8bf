"""Bilevel pictures of one size: lossy, lossless and archives."""
