"""Associative memories: Hopfield networks, dense memories, and what they are compared with."""
