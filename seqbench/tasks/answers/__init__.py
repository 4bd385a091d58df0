"""Answering: predict the answer to a question about a story."""
