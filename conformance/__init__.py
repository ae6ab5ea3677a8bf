"""Files, the pixels that every decoder must give of them, and what holds a decoder against them."""
