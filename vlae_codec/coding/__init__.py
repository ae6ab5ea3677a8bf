"""Entropy coders: ANS stack, range coder, exact interval, prefix code."""
