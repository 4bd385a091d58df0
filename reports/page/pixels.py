"""Pictures of pixels inside a page."""

from base64 import b64encode
from io import BytesIO

import numpy as np
from markupsafe import Markup

from seqbench.interface import Floats


def grey(values: Floats) -> Floats:
    """Return (R, C, 3) shades of values (R, C) from −1, white, to +1, black; what is no number is grey."""
    shades = np.nan_to_num((1 - np.clip(np.asarray(values, float), -1, 1)) / 2, nan=0.5)
    return np.repeat(np.atleast_2d(shades)[..., None], 3, axis=2)


def coloured(shares: Floats) -> Floats:
    """Return (R, C, 4): one blue, the more opaque the larger the share, for light and dark paper."""
    blue = np.broadcast_to([0.16, 0.53, 0.8], (*shares.shape, 3))
    return np.concatenate([blue, np.sqrt(shares)[..., None]], axis=2)


def png(pixels: Floats) -> Markup:
    """Return a picture (R, C, 3 or 4), with values from 0 to 1, as a URL that holds it."""
    from matplotlib.image import imsave

    data = BytesIO()
    imsave(data, np.ascontiguousarray(np.round(255 * pixels), dtype=np.uint8), format="png", metadata={"Software": ""})
    return Markup(f"data:image/png;base64,{b64encode(data.getvalue()).decode()}")
