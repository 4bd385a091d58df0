"""Models that count n-grams, and the cache."""
