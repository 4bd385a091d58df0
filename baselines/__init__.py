"""Classic models, one family a file."""

if __name__ != "seqbench.baselines":
    raise ImportError("import seqbench.baselines: the folder baselines/ is installed under that name alone")
