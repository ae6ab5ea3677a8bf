"""Pages of two levels, of any size, kept exactly: counts of contexts mixed by a small network, in a range coder."""
