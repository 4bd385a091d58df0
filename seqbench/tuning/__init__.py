"""Tuning with equal budgets: a search over each model's declared space, on the validation part alone."""
