"""Recurrent layers, and the models built from them."""

if __name__ != "seqbench.recurrent":
    raise ImportError("import seqbench.recurrent instead: the folder recurrent/ is installed only under that name")
