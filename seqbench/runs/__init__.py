"""A run: suites, the grid of cells, the processes that compute them, and the store of their records."""
