"""Language modelling: the probability of the next symbol."""
