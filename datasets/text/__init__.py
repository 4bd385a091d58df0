"""Text: real corpora and your own files."""
