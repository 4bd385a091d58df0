"""Forecasters that fit an equation to each series, and forecasters that need no fit."""
