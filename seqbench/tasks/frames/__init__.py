"""Frames of music: which keys sound at each step, given all steps before."""
