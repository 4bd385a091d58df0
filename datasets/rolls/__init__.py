"""Piano rolls: made chorales with their true model, chorales by Bach, and your own pieces."""
