"""Recurrent layers, and what turns their states into one vector."""
