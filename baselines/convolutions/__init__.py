"""Convolutional networks over time."""
