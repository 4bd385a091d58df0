"""Recurrent cells and layers, and the models built from them.

    from seqbench.recurrent import LSTMCell, Recurrent, Stack

Names are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if __name__ != "seqbench.recurrent":
    raise ImportError("import seqbench.recurrent instead: the folder recurrent/ is installed only under that name")

if TYPE_CHECKING:
    from seqbench.recurrent.cells.carousel import CarouselLSTMCell as CarouselLSTMCell
    from seqbench.recurrent.cells.cell import Cell as Cell
    from seqbench.recurrent.cells.elman import ElmanCell as ElmanCell
    from seqbench.recurrent.cells.gru import GRUCell as GRUCell
    from seqbench.recurrent.cells.gru import ResetBeforeGRUCell as ResetBeforeGRUCell
    from seqbench.recurrent.cells.jordan import JordanCell as JordanCell
    from seqbench.recurrent.cells.lstm import LSTMCell as LSTMCell
    from seqbench.recurrent.cells.mingru import MinGRUCell as MinGRUCell
    from seqbench.recurrent.cells.multiplicative import MultiplicativeCell as MultiplicativeCell
    from seqbench.recurrent.cells.peephole import PeepholeLSTMCell as PeepholeLSTMCell
    from seqbench.recurrent.cells.shortcut import ShortcutCell as ShortcutCell
    from seqbench.recurrent.cells.squashed import SquashedLSTMCell as SquashedLSTMCell
    from seqbench.recurrent.layers.dropout import LockedDropout as LockedDropout
    from seqbench.recurrent.layers.layer import Layer as Layer
    from seqbench.recurrent.layers.recurrent import Recurrent as Recurrent
    from seqbench.recurrent.layers.stack import Residual as Residual
    from seqbench.recurrent.layers.stack import Stack as Stack
    from seqbench.recurrent.layers.time import Bidirectional as Bidirectional
    from seqbench.recurrent.layers.time import Dilated as Dilated
    from seqbench.recurrent.layers.time import Reversed as Reversed
    from seqbench.recurrent.layers.time import Strided as Strided

_MODULES = {
    "cells.carousel": ("CarouselLSTMCell",),
    "cells.cell": ("Cell",),
    "cells.elman": ("ElmanCell",),
    "cells.gru": ("GRUCell", "ResetBeforeGRUCell"),
    "cells.jordan": ("JordanCell",),
    "cells.lstm": ("LSTMCell",),
    "cells.mingru": ("MinGRUCell",),
    "cells.multiplicative": ("MultiplicativeCell",),
    "cells.peephole": ("PeepholeLSTMCell",),
    "cells.shortcut": ("ShortcutCell",),
    "cells.squashed": ("SquashedLSTMCell",),
    "layers.dropout": ("LockedDropout",),
    "layers.layer": ("Layer",),
    "layers.recurrent": ("Recurrent",),
    "layers.stack": ("Residual", "Stack"),
    "layers.time": ("Bidirectional", "Dilated", "Reversed", "Strided"),
}
EXPORTS = {name: f"seqbench.recurrent.{module}" for module, names in _MODULES.items() for name in names}

__all__ = list(EXPORTS)


def __getattr__(name: str) -> Any:
    if name not in EXPORTS:
        raise AttributeError(f"module 'seqbench.recurrent' has no attribute {name!r}")
    return getattr(import_module(EXPORTS[name]), name)
