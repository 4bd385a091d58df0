"""Classic models and networks without recurrence, one room per family."""

if __name__ != "seqbench.baselines":
    raise ImportError("import seqbench.baselines: the folder baselines/ is installed under that name alone")
