"""Pixels in an order in which each follows its window: the order, the engine, the window's network."""
