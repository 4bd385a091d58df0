"""Sources whose true model is known."""
