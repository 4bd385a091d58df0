"""Translation: predict a whole sequence of words from another sequence, or from one vector."""
