"""Networks and linear maps over a window of fixed length."""
