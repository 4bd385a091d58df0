"""Networks of convolutions over time."""
