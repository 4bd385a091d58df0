"""Tagging: predict a tag for each word of a sentence."""
