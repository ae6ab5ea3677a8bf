"""Models: their folders within limits, their networks, and which of them a name or a file means."""
