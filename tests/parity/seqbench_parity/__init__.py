"""A task as somebody else's package would bring it: the parity of a string of bits."""
