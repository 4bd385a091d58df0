"""Recurrent layers, and pooling layers that reduce their states to one vector."""
