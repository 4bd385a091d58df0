"""Labelled documents: real collections and users' own tables."""
