"""Classic models of whole sequences: chance, summaries, linear models, dynamic time warping."""
