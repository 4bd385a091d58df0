"""Recurrent networks from the inside: how far gradients reach, and what single units do."""
