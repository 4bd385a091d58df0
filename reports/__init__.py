"""Tables as a pure function of the store."""

if __name__ != "seqbench.reports":
    raise ImportError("import seqbench.reports: the folder reports/ is installed under that name alone")
