"""Recall: restore damaged patterns."""
