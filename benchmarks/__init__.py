"""Measurements of the codec and its models, which are not part of the installed package.

Each is run as `python -m benchmarks.NAME` and keeps its figures in results/.
"""
