"""Runs: suites, the grid of cells, the processes that compute cells, and the store of their records."""
