"""Language modelling: predict the probability of the next symbol."""
