"""Forecasting: the next values of series."""
