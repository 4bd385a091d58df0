"""Sequences of real values: predict numbers (`regress`) or a class (`recognise`) of each whole sequence."""
