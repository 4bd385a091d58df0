"""Classic taggers: relative frequencies, hidden Markov models, linear models of a window."""
