"""Windows of series cut into sequences of segments, for networks that read step by step."""

from pydantic import Field
from torch import Tensor, nn

from seqbench.learning.forecaster import NetworkConfig

SEGMENTS = 32
"""Maximum number of segments per sequence, if the settings do not give the length of a segment."""


class SegmentConfig(NetworkConfig):
    segment: int | None = Field(
        None,
        ge=1,
        description="steps per segment; a network reads one segment at a time; None: one season, or as many whole "
        f"seasons as needed for at most {SEGMENTS} segments per window",
    )

    def steps(self, season: int, window: int) -> int:
        """Return the number of steps per segment, at most the length of the window."""
        return min(self.segment or season * -(-window // (season * SEGMENTS)), window)


class Segments(nn.Module):
    """Cuts windows into sequences of segments; the newest segment is complete, the oldest may be padded with zeros.

    As in Lin et al. 2023, "SegRNN". With one season per segment, sequences are short, and each phase of the season is
    at the same position of every segment.
    """

    def __init__(self, segment: int) -> None:
        super().__init__()
        self.segment = segment

    def forward(self, z: Tensor) -> Tensor:
        """z: (B, L); returns (B, ⌈L / segment⌉, segment)."""
        led = nn.functional.pad(z, (-z.shape[1] % self.segment, 0))
        return led.reshape(len(z), -1, self.segment)
