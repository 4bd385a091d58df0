"""Networks and linear models over a window of fixed length."""
