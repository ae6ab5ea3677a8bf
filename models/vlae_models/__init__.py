"""Training side of vlae-codec: the float networks, their training, evaluation and integer export."""
