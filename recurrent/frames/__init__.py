"""Recurrent networks of frames of music: keys independent given the past, or bound by what stands above the states."""
