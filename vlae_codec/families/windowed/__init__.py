"""Pictures of any size, grey or colour, 8 bits a channel: their model, their codes and their files."""
