"""Loaders, synthetic sources, the download cache, your own files."""

if __name__ != "seqbench.datasets":
    raise ImportError("import seqbench.datasets: the folder datasets/ is installed under that name alone")
