"""Models of one task made into models of another."""
