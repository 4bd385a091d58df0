"""Recurrent layers, and pooling of their states into one vector."""
