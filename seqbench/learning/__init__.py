"""Building blocks of networks: the training loop, layers, windows, and the base classes of the model families."""
