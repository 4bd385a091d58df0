"""Boltzmann machines: general ones, restricted ones, and what is made of these."""
