"""Text: real corpora and users' own files."""
