"""What a killed process leaves is found by its lock, which no other process has by chance."""

import multiprocessing.util
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from seqbench.disk import CLUSTER, OWNER, RUN, WORKER, owned_folder, remove_abandoned, write_whole

HOLD = """
import sys, time
from pathlib import Path
from seqbench.disk import OWNER, folder_of_process
folder = folder_of_process()
(folder / "deep" / "er").mkdir(parents=True)
print(folder)
print((folder / OWNER).read_text(), flush=True)
time.sleep(float(sys.argv[1]))
"""


def _hold(temporary: Path, seconds: float) -> tuple[subprocess.Popen[str], Path, Path]:
    command = [sys.executable, "-c", HOLD, str(seconds)]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    folder, sockets = (Path(process.stdout.readline().strip()) for _ in range(2))
    return process, folder, sockets


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("deep", ["", "d" * 120])
def test_the_folder_of_a_living_process_stays_and_that_of_a_killed_one_goes(
    tmp_path: Path, deep: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path = tmp_path / deep
    tmp_path.mkdir(exist_ok=True)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    process, folder, sockets = _hold(tmp_path, 100)
    remove_abandoned(tmp_path, RUN)
    assert folder.is_dir()
    assert sockets.is_dir()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert folder.is_dir()
    remove_abandoned(tmp_path, RUN)
    assert list(tmp_path.iterdir()) == []
    assert not sockets.exists()


@pytest.mark.parametrize("deep", ["", "d" * 120])
def test_a_process_that_ends_leaves_nothing(tmp_path: Path, deep: str) -> None:
    tmp_path = tmp_path / deep
    tmp_path.mkdir(exist_ok=True)
    process, folder, sockets = _hold(tmp_path, 0)
    process.communicate()
    assert folder.parent == tmp_path
    assert list(tmp_path.iterdir()) == []
    assert not sockets.exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.parametrize("copied", ["multiprocessing", "os.fork"])
def test_a_copy_of_a_process_that_ends_leaves_the_folder_to_its_owner(tmp_path: Path, copied: str) -> None:
    """`multiprocessing` forgets in the copy what is to be done at the end; the copy of `os.fork` ends as usual."""
    code = (
        "import multiprocessing, os, sys\nfrom seqbench.disk import folder_of_process\n"
        "folder = folder_of_process()\n"
        "if sys.argv[1] == 'os.fork':\n"
        "    if os.fork() == 0:\n"
        "        sys.exit()\n"
        "    os.wait()\n"
        "else:\n"
        "    process = multiprocessing.get_context('fork').Process(target=int)\n"
        "    process.start()\n"
        "    process.join()\n"
        "print(folder.is_dir())\n"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code, copied], capture_output=True, text=True, env=environment)
    assert (done.stdout, done.stderr) == ("True\n", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_process_removes_what_killed_ones_of_each_kind_left_semaphores_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = f"""
import os, sys
from pathlib import Path
from seqbench.disk import owned_folder
with owned_folder(Path(sys.argv[1]), sys.argv[2]) as folder:
    (folder.parent / f"sem.{{folder.name}}-abc").touch()
    os.kill(os.getpid(), {int(signal.SIGKILL)})
"""
    monkeypatch.setattr("seqbench.disk.SEMAPHORES", tmp_path)
    for prefix in (RUN, WORKER, CLUSTER):
        subprocess.run([sys.executable, "-c", hold, str(tmp_path), prefix], check=False)
        assert len(list(tmp_path.iterdir())) == 2
        remove_abandoned(tmp_path, prefix)
        assert list(tmp_path.iterdir()) == []
        subprocess.run([sys.executable, "-c", hold, str(tmp_path), prefix], check=False)
        process, _, _ = _hold(tmp_path, 0)
        process.communicate()
        assert [path.name.partition("-")[0] for path in tmp_path.iterdir()] == ["sem.seqbench"]
        next(tmp_path.iterdir()).unlink()


def test_a_folder_is_removed_after_use_whatever_happens(tmp_path: Path) -> None:
    with pytest.raises(KeyError), owned_folder(tmp_path, "run-"):
        raise KeyError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="symbolic links")
def test_only_what_multiprocessing_made_is_removed_besides(tmp_path: Path) -> None:
    """The file of the owner may name anything, if others can write into the temporary folder."""
    precious, linked = tmp_path / "pymp-precious", Path(tempfile.gettempdir()) / f"pymp-{os.getpid()}-link"
    precious.mkdir()
    linked.symlink_to(precious)
    try:
        for number, named in enumerate((precious, linked, Path(tempfile.gettempdir()), tmp_path)):
            (tmp_path / f"run-{number}").mkdir()
            (tmp_path / f"run-{number}" / OWNER).write_text(str(named))
        (tmp_path / "run-link").symlink_to(precious)
        remove_abandoned(tmp_path, "run-")
    finally:
        linked.unlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pymp-precious", "run-link"]
    assert Path(multiprocessing.util.get_temp_dir()).is_dir()


def test_many_processes_that_make_and_sweep_at_once_never_lose_a_folder(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom seqbench.disk import owned_folder, remove_abandoned\n"
        "root = Path(sys.argv[1])\n"
        "for _ in range(150):\n"
        "    with owned_folder(root, 'run-') as folder:\n"
        "        remove_abandoned(root, 'run-')\n"
        "        (folder / 'file').write_text('here')\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
    errors = [process.communicate(timeout=60)[1].decode() for process in processes]
    assert errors == ["", "", ""]
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_written_whole_or_keeps_what_it_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "page.html"
    file.write_bytes(b"older")
    file.chmod(0o640)

    def full(path: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(OSError, match="No space left"):
            write_whole(file, b"newer")
    assert file.read_bytes() == b"older"
    write_whole(file, b"newer")
    assert file.read_bytes() == b"newer"
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.skipif(os.name != "posix", reason="links and pipes")
def test_what_is_written_through_a_link_or_a_pipe_reaches_its_reader(tmp_path: Path) -> None:
    code = "from pathlib import Path\nfrom seqbench.disk import write_whole\nwrite_whole(Path('/dev/stdout'), b'here')"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).stdout == b"here"
    with (tmp_path / "out").open("wb") as out:
        subprocess.run([sys.executable, "-c", code], stdout=out, check=True)
    assert (tmp_path / "out").read_bytes() == b"here"
