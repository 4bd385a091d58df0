"""Classifiers that use which words a document contains, not their order."""
