"""Records, metrics, the statistics of scores, and what the laws of all tasks share."""
