"""The bytes of `.vlz` files around the codes, and how much a file may need."""
