"""Time series: real panels and your own tables."""
