"""Pairs of sentences: translation from one language, or one form, to another."""
