"""Forecasting: predict the next values of series."""
