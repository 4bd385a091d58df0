"""Sentences with a tag for each word: treebanks, source code, your own files."""
