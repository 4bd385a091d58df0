"""Downloads that go on where they broke off.

pooch verifies the checksum and puts the file in its place; it does not resume, so the downloader that it is given
appends to a `.part` file what an HTTP range request brings (RFC 9110, section 14).
"""

import http
from pathlib import Path

import pooch
import requests

from seqbench.datasets.remote import RemoteFile, part_of

PIECE = 1 << 16
TIMEOUT = (10, 60)
"""Seconds to connect, and to wait between two pieces."""


class TransferError(Exception):
    """The network did not bring the file; the message is half a sentence."""


def transfer(file: RemoteFile, folder: Path) -> None:
    """Bring a file to its path below `folder`, verified, or leave what came as a `.part` file for the next time.

    Raises:
        TransferError: no connection, a refusal, a break, or a wrong checksum (of which nothing is kept).
        OSError: the folder cannot be written, or the disk is full.
    """
    store = pooch.create(path=folder, base_url="", registry={file.path: file.sha256}, urls={file.path: file.url})
    part = part_of(folder / file.path)
    try:
        store.fetch(file.path, downloader=Resuming(part, file.bytes))
    except requests.HTTPError as error:
        raise TransferError(f"the server says: {error}") from error
    except requests.RequestException as error:
        if part.exists():
            held = part.stat().st_size
            raise TransferError(
                f"the download broke off after {held:,} of {file.bytes:,} bytes, and will go on from there"
            ) from error
        raise TransferError(f"no network, or no way to {file.url}") from error
    except ValueError as error:
        raise TransferError(f"{file.url} brought another file: {error}") from error


class Resuming:
    """A downloader for pooch.

    Args:
        part: where bytes are gathered.
        size: how many there must be.
    """

    def __init__(self, part: Path, size: int) -> None:
        self.part, self.size = part, size

    def __call__(self, url: str, output_file: str, pooch: object) -> None:
        while True:
            before = self._held()
            try:
                self._continue(url)
                break
            except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
                if self._held() <= before:
                    raise
        self.part.replace(output_file)

    def _held(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _continue(self, url: str) -> None:
        """Append what is missing, in one request."""
        held = self._held()
        if held == self.size:
            return
        # Compressed in transit, a file has other byte positions than the one we hold a part of.
        headers = {"Accept-Encoding": "identity"}
        if 0 < held < self.size:
            headers["Range"] = f"bytes={held}-"
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            response.raise_for_status()
            # A server that knows no ranges answers 200 and sends the whole.
            resumed = response.status_code == http.HTTPStatus.PARTIAL_CONTENT
            with self.part.open("ab" if resumed else "wb") as gathered:
                for piece in response.iter_content(PIECE):
                    gathered.write(piece)
