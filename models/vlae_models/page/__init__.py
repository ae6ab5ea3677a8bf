"""Training of page models: drawn pages, what is counted in them, the network that mixes the counts."""
