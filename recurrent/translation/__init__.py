"""Encoders and decoders of words: recurrent ones with and without attention, self-attention, and the Transformer."""
