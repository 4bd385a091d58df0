"""Recurrent cells, layers, and the models built of them."""

if __name__ != "seqbench.recurrent":
    raise ImportError("import seqbench.recurrent: the folder recurrent/ is installed under that name alone")
