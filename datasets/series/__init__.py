"""Time series: real panels and users' own tables."""
