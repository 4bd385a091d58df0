"""Windows of series as sequences of segments, for networks that read step by step."""

from pydantic import Field
from torch import Tensor, nn

from seqbench.learning.forecaster import NetworkConfig

SEGMENTS = 32
"""The most segments per sequence, if the settings do not name the length of a segment."""


class SegmentConfig(NetworkConfig):
    segment: int | None = Field(
        None,
        ge=1,
        description="steps that are read at once; None: a season, so that the network goes from season to season, or "
        f"the fewest whole seasons that make {SEGMENTS} segments of a window or less",
    )

    def steps(self, season: int, window: int) -> int:
        """Return the steps per segment, at most the length of a window."""
        return min(self.segment or season * -(-window // (season * SEGMENTS)), window)


class Segments(nn.Module):
    """Cuts windows into sequences of segments; the newest segment is complete, the oldest is padded with zeros.

    As in Lin et al. 2023, "SegRNN". One season per segment makes sequences short and puts equal phases in equal places.
    """

    def __init__(self, segment: int) -> None:
        super().__init__()
        self.segment = segment

    def forward(self, z: Tensor) -> Tensor:
        """z: (B, L); returns (B, ⌈L / segment⌉, segment)."""
        led = nn.functional.pad(z, (-z.shape[1] % self.segment, 0))
        return led.reshape(len(z), -1, self.segment)
