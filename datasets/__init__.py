"""Data sets: loaders, synthetic sources, the download cache, users' own files."""

if __name__ != "seqbench.datasets":
    raise ImportError("import seqbench.datasets instead: the folder datasets/ is installed only under that name")
