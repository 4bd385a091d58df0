"""Forecasters that fit an equation to each series, and those that need no fit."""
