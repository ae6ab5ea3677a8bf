"""Pictures kept exactly by a general coder, where that takes fewer bytes than a model: drawn, flat or tiny ones."""
