"""Networks and their arithmetic in exact integers: arrays, tables, random numbers, layers, kernels."""
