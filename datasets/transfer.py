"""Downloads that can be resumed.

pooch verifies the checksum and moves the file to its place, but it does not resume. So it is given a downloader that
appends the response to an HTTP range request to a `.part` file (RFC 9110, section 14).
"""

import http
from pathlib import Path

import pooch
import requests

from seqbench.datasets.remote import RemoteFile, part_of

PIECE = 1 << 16
TIMEOUT = (10, 60)
"""Seconds to wait for a connection, and between two pieces."""


class TransferError(Exception):
    """Raised if a file could not be downloaded; `download` completes the message."""


def transfer(file: RemoteFile, folder: Path) -> None:
    """Download a file to its path below `folder` and verify it; keep a partial download as a `.part` file.

    Raises:
        TransferError: there is no connection, the server refuses, the download breaks off, or the checksum is wrong
            (then nothing is kept).
        OSError: the folder cannot be written, or the disk is full.
    """
    store = pooch.create(path=folder, base_url="", registry={file.path: file.sha256}, urls={file.path: file.url})
    part = part_of(folder / file.path)
    try:
        store.fetch(file.path, downloader=Resuming(part, file.bytes))
    except requests.HTTPError as error:
        raise TransferError(f"the server reports: {error}") from error
    except requests.RequestException as error:
        if part.exists():
            held = part.stat().st_size
            raise TransferError(
                f"the download broke off after {held:,} of {file.bytes:,} bytes, and will go on from there"
            ) from error
        raise TransferError(f"no network, or no connection to {file.url}") from error
    except ValueError as error:
        raise TransferError(f"{file.url} returned another file: {error}") from error


class Resuming:
    """A downloader for pooch.

    Args:
        part: the file to which bytes are appended.
        size: the complete number of bytes.
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
        """Append the missing bytes, in one request."""
        held = self._held()
        if held == self.size:
            return
        # If the transfer were compressed, byte positions would differ from those of the file.
        headers = {"Accept-Encoding": "identity"}
        if 0 < held < self.size:
            headers["Range"] = f"bytes={held}-"
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            response.raise_for_status()
            # A server that does not support range requests answers 200 and sends the whole file.
            resumed = response.status_code == http.HTTPStatus.PARTIAL_CONTENT
            with self.part.open("ab" if resumed else "wb") as gathered:
                for piece in response.iter_content(PIECE):
                    gathered.write(piece)
