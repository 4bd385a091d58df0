"""Labelled documents: real collections and your own tables."""
