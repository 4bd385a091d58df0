"""Downloads against a server on this machine that breaks off, forgets ranges, lies, or is not there."""

import hashlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from seqbench.data import DataError
from seqbench.datasets import download
from seqbench.datasets.download import Source, fetch, read, verify
from seqbench.datasets.remote import RemoteFile
from seqbench.datasets.transfer import PIECE, TRIES

CONTENT = bytes(range(256)) * 4 * 1024  # 1 MiB
SHA256 = hashlib.sha256(CONTENT).hexdigest()
Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers each request as the next of the server's `answers` says, the last one again and again."""

    server: "Server"

    def do_GET(self) -> None:
        self.server.asked.append(self.headers.get("Range"))
        answers = self.server.answers
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        answer(self)

    def log_message(self, format: str, *args: Any) -> None:
        """Be silent."""


class Server(ThreadingHTTPServer):
    answers: list[Answer]
    asked: list[str | None]
    """The Range header of each request."""


def whole(handler: Handler, content: bytes = CONTENT, breaks_after: int | None = None) -> None:
    """Send everything, whatever range was asked for; or break off after some bytes."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content[:breaks_after])


def ranges(handler: Handler, breaks_after: int | None = None) -> None:
    """Send what was asked for; or break off after some bytes of it."""
    asked = handler.headers.get("Range")
    if asked is None:
        return whole(handler, breaks_after=breaks_after)
    start = int(asked.removeprefix("bytes=").removesuffix("-"))
    handler.send_response(206)
    handler.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
    handler.send_header("Content-Length", str(len(CONTENT) - start))
    handler.end_headers()
    handler.wfile.write(CONTENT[start:][:breaks_after])
    return None


def breaks(answer: Callable[..., None], after: int) -> Answer:
    return lambda handler: answer(handler, breaks_after=after)


def other_content(handler: Handler) -> None:
    whole(handler, content=b"<html>Please log in</html>")


def not_found(handler: Handler) -> None:
    handler.send_error(404)


def hangs_up(handler: Handler) -> None:
    """Close the connection without a word."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """Serves the one file of the data set `toy`; the cache is empty, and there is no SEQBENCH_DATA."""
    serving = Server(("127.0.0.1", 0), Handler)
    serving.answers, serving.asked = [ranges], []
    thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("SEQBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SEQBENCH_DATA", raising=False)
    use_address(monkeypatch, serving.server_port)
    yield serving
    serving.shutdown()
    thread.join()
    serving.server_close()


def use_address(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    file = RemoteFile("toy/all.bin", f"http://127.0.0.1:{port}/all.bin", SHA256, len(CONTENT))
    monkeypatch.setattr(download, "SOURCES", {"toy": Source("", "", (file,))})


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_file_is_downloaded_once_and_then_read_from_the_cache(server: Server, tmp_path: Path) -> None:
    assert verify(["toy"])[0].state == "missing"
    assert read("toy") == [CONTENT]
    assert read("toy") == [CONTENT]
    assert server.asked == [None]
    assert files_below(tmp_path) == {"cache/toy/all.bin": CONTENT}
    (row,) = verify(["toy"])
    assert (row.state, row.bytes, row.where) == ("good", len(CONTENT), str(tmp_path / "cache/toy/all.bin"))


def test_a_download_that_breaks_off_goes_on_within_the_same_call(server: Server) -> None:
    server.answers = [breaks(ranges, 5 * PIECE), breaks(ranges, 3 * PIECE), ranges]
    assert read("toy") == [CONTENT]
    assert server.asked == [None, f"bytes={5 * PIECE}-", f"bytes={8 * PIECE}-"]


def test_a_download_goes_on_after_answers_that_break_off_before_a_piece(server: Server) -> None:
    server.answers = [breaks(ranges, 5 * PIECE), breaks(ranges, 10), breaks(ranges, PIECE - 1), ranges]
    assert read("toy") == [CONTENT]
    assert server.asked == [None, *[f"bytes={5 * PIECE}-"] * 3]


def test_a_download_that_nothing_answers_any_more_is_resumed_by_the_next_call(server: Server) -> None:
    server.answers = [breaks(ranges, 5 * PIECE), hangs_up]
    with pytest.raises(DataError, match=rf"broke off after {5 * PIECE:,} of 1,048,576 bytes, and will go on"):
        read("toy")
    (row,) = verify(["toy"])
    assert (row.state, row.bytes) == ("partial", 5 * PIECE)
    server.answers, server.asked = [ranges], []
    (row,) = fetch(["toy"])
    assert row.good
    assert server.asked == [f"bytes={5 * PIECE}-"]
    assert read("toy") == [CONTENT]


def test_a_server_without_ranges_sends_everything_again(server: Server) -> None:
    server.answers = [breaks(whole, 5 * PIECE), whole]
    assert read("toy") == [CONTENT]


def test_a_server_that_always_breaks_off_at_the_same_place_is_given_up(server: Server) -> None:
    server.answers = [breaks(whole, 5 * PIECE)]
    with pytest.raises(DataError, match="broke off"):
        read("toy")
    assert len(server.asked) == 1 + TRIES


@pytest.mark.parametrize("surplus", [0, 7])
def test_a_part_as_long_as_the_file_or_longer_is_finished_or_begun_anew(
    server: Server, tmp_path: Path, surplus: int
) -> None:
    part = tmp_path / "cache/toy/all.bin.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT + b"x" * surplus)
    assert read("toy") == [CONTENT]
    assert server.asked == ([None] if surplus else [])
    assert not part.exists()


def test_of_a_wrong_checksum_nothing_is_kept_and_both_sums_are_told(server: Server, tmp_path: Path) -> None:
    server.answers = [other_content]
    found = hashlib.sha256(b"<html>Please log in</html>").hexdigest()
    with pytest.raises(DataError) as error:
        read("toy")
    assert SHA256 in str(error.value)
    assert found in str(error.value)
    assert files_below(tmp_path) == {}


def test_a_wrong_part_is_found_out_and_thrown_away(server: Server, tmp_path: Path) -> None:
    part = tmp_path / "cache/toy/all.bin.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"wrong" * 100)
    with pytest.raises(DataError, match="another file"):
        read("toy")
    assert files_below(tmp_path) == {}
    assert read("toy") == [CONTENT]


def test_a_refusal_is_reported_with_its_status_and_address(server: Server) -> None:
    server.answers = [not_found]
    with pytest.raises(DataError, match=rf"404.*127\.0\.0\.1:{server.server_port}/all\.bin.*set SEQBENCH_DATA"):
        read("toy")


def test_without_a_network_the_error_says_what_to_do(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:  # bound and not listening: connections are refused
        closed.bind(("127.0.0.1", 0))
        use_address(monkeypatch, closed.getsockname()[1])
        with pytest.raises(DataError) as error:
            read("toy")
        (row,) = fetch(["toy"])
    message = str(error.value)
    assert message.startswith("toy is not at hand: no network")
    assert "set SEQBENCH_DATA to a folder that holds toy/all.bin" in message
    assert "run `seqbench data fetch toy` where there is a network" in message
    assert "\n" not in message
    assert (row.state, row.good, row.message) == ("failed", False, message)


def test_a_damaged_file_in_the_cache_is_told_and_replaced(server: Server, tmp_path: Path) -> None:
    cached = tmp_path / "cache/toy/all.bin"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"rotten")
    (row,) = verify(["toy"])
    assert row.state == "damaged"
    assert row.message == f"expected sha256 {SHA256}, found {hashlib.sha256(b'rotten').hexdigest()}"
    assert read("toy") == [CONTENT]


def test_seqbench_data_comes_first_and_nothing_is_written(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lent = tmp_path / "lent/toy/all.bin"
    lent.parent.mkdir(parents=True)
    lent.write_bytes(CONTENT)
    monkeypatch.setenv("SEQBENCH_DATA", str(tmp_path / "lent"))
    before = files_below(tmp_path)
    assert read("toy") == [CONTENT]
    (row,) = fetch(["toy"])
    assert (row.state, row.where) == ("good", str(lent))
    assert server.asked == []
    assert files_below(tmp_path) == before
    assert not (tmp_path / "cache").exists()


def test_what_seqbench_data_lacks_goes_into_the_cache_not_there(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lent").mkdir()
    monkeypatch.setenv("SEQBENCH_DATA", str(tmp_path / "lent"))
    assert read("toy") == [CONTENT]
    assert files_below(tmp_path) == {"cache/toy/all.bin": CONTENT}


def test_another_file_in_seqbench_data_is_refused_rather_than_passed_over(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lent = tmp_path / "toy/all.bin"
    lent.parent.mkdir()
    lent.write_bytes(b"older")
    monkeypatch.setenv("SEQBENCH_DATA", str(tmp_path))
    with pytest.raises(DataError, match=f"expected sha256 {SHA256}, found {hashlib.sha256(b'older').hexdigest()}"):
        read("toy")
    assert verify(["toy"])[0].state == "damaged"
    assert server.asked == []


def test_a_seqbench_data_that_does_not_exist_is_an_error(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQBENCH_DATA", "/nowhere/at/all")
    with pytest.raises(DataError, match="SEQBENCH_DATA=/nowhere/at/all is no folder"):
        read("toy")


def test_a_cache_that_cannot_be_written_is_an_error_that_names_the_way_out(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SEQBENCH_CACHE", str(tmp_path / "file/cache"))
    with pytest.raises(DataError, match=r"cannot be kept in the cache .*file/cache: Not a directory.*SEQBENCH_CACHE"):
        read("toy")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_an_error_that_names_the_space_needed(server: Server, tmp_path: Path) -> None:
    part = tmp_path / "cache/toy/all.bin.part"
    part.parent.mkdir(parents=True)
    part.symlink_to("/dev/full")
    with pytest.raises(DataError, match=r"No space left on device; it needs 1,048,576 bytes.*SEQBENCH_CACHE"):
        read("toy")


def test_one_file_that_fails_does_not_keep_the_others_from_being_fetched(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answers = [not_found, ranges]
    files = [RemoteFile(f"toy/{n}", f"http://127.0.0.1:{server.server_port}/{n}", SHA256, len(CONTENT)) for n in "ab"]
    monkeypatch.setattr(download, "SOURCES", {"toy": Source("", "", tuple(files))})
    assert [row.state for row in fetch()] == ["failed", "good"]


@pytest.mark.parametrize("ask", [fetch, verify])
def test_a_name_that_has_nothing_to_download_is_refused(ask: Callable[[list[str]], object]) -> None:
    with pytest.raises(
        DataError, match="synthetic-hmm has nothing to download; these have: wikitext2, tinyshakespeare"
    ):
        ask(["synthetic-hmm"])


def test_every_source_is_pinned_to_a_commit_and_a_checksum() -> None:
    files = [file for source in download.SOURCES.values() for file in source.files]
    assert len({file.path for file in files}) == len(files)
    for file in files:
        assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert re.search(r"/[0-9a-f]{40}/", file.url)
        assert file.url.startswith("https://")
        assert file.bytes > 0
    assert all(source.licence and source.citation for source in download.SOURCES.values())
