"""Classifiers that see which words a document holds, not their order."""
