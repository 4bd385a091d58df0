"""What networks are built with: the training loop, layers, windows, and the models that families derive from."""
