"""Document classification: the probability of each class."""
