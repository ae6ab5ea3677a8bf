"""The photo family: pictures of any size by a transform code with a learnt prior."""
