"""Downloads that can be resumed.

pooch verifies the checksum and moves the file to its place, but it does not resume. So it is given a downloader that
appends the response to an HTTP range request to a `.part` file (RFC 9110, section 14).
"""

import hashlib
import http
from pathlib import Path

import pooch
import requests

from seqbench.datasets.remote import RemoteFile, part_of
from seqbench.disk import locked, owned_folder, remove_abandoned

PIECE = 1 << 16
UNFINISHED = ".unfinished-"
"""The folders in which files are verified begin with this."""
TIMEOUT = (10, 60)
"""Seconds to wait for a connection, and between two pieces."""
TRIES = 3
"""How often in succession an answer may break off before it brought a piece."""


class TransferError(Exception):
    """Raised if a file could not be downloaded; `download` completes the message."""


def transfer(file: RemoteFile, folder: Path) -> None:
    """Download a file to its path below `folder` and verify it; keep a partial download as a `.part` file.

    Raises:
        TransferError: there is no connection, the server refuses, the download breaks off, or the checksum is wrong
            (then nothing is kept).
        OSError: the folder cannot be written, or the disk is full.
    """
    final = folder / file.path
    part = part_of(final)
    final.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(folder, UNFINISHED)  # of downloads that were killed
    try:
        with locked(part), owned_folder(folder, UNFINISHED) as place:
            try:
                if not _is(final, file):  # else another process has downloaded it meanwhile
                    known = {"registry": {file.path: file.sha256}, "urls": {file.path: file.url}}
                    store = pooch.create(path=place, base_url="", **known)
                    store.fetch(file.path, downloader=Resuming(part, file.bytes))
                    (place / file.path).replace(final)
            finally:
                if not _size(part):
                    part.unlink(missing_ok=True)
    except requests.HTTPError as error:
        raise TransferError(f"the server reports: {error}") from error
    except requests.RequestException as error:
        if held := _size(part):
            raise TransferError(
                f"the download broke off after {held:,} of {file.bytes:,} bytes, and will go on from there"
            ) from error
        raise TransferError(f"no network, or no connection to {file.url}") from error
    except ValueError as error:
        raise TransferError(f"{file.url} returned another file: {error}") from error


def _is(path: Path, file: RemoteFile) -> bool:
    """Return whether a path holds the file."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


class Resuming:
    """A downloader for pooch.

    Args:
        part: the file to which bytes are appended.
        size: the complete number of bytes.
    """

    def __init__(self, part: Path, size: int) -> None:
        self.part, self.size = part, size

    def __call__(self, url: str, output_file: str, pooch: object) -> None:
        vain = 0
        while True:
            before = _size(self.part)
            try:
                self._continue(url)
                break
            except requests.exceptions.ChunkedEncodingError:
                vain = 0 if _size(self.part) > before else vain + 1
                if vain == TRIES:
                    raise
            except (requests.ConnectionError, requests.Timeout):
                if _size(self.part) <= before:
                    raise
        self.part.replace(output_file)

    def _continue(self, url: str) -> None:
        """Append the missing bytes, in one request."""
        held = _size(self.part)
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
                    if gathered.tell() > self.size:
                        break  # the checksum will tell that it is another file
