"""Language models that count n-grams, and the cache model."""
