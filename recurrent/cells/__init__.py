"""Recurrent cells: each is the equations of one step, in a file per family."""
