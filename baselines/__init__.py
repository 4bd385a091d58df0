"""Classic models and networks without recurrence, one folder per family."""

if __name__ != "seqbench.baselines":
    raise ImportError("import seqbench.baselines instead: the folder baselines/ is installed only under that name")
