"""Cells on many machines: a cluster of dask runs them, and one process, which gave the command, writes their records."""
