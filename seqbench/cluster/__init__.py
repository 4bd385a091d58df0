"""Cells on many machines: a cluster of dask runs them; the process that gave the command alone writes records."""
