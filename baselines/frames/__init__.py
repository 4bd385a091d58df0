"""Classic models of frames of music: n-grams of single notes and of chords."""
