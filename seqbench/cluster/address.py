"""What `--cluster` names: workers to start on this machine, or the scheduler of a cluster that runs."""

import re
from dataclasses import dataclass
from importlib.util import find_spec
from urllib.parse import urlsplit

from seqbench.interface import MissingExtra

EXAMPLES = "local:8 for eight workers on this machine, or dask://host:8786 for the scheduler of a cluster that runs"


@dataclass(frozen=True)
class Local:
    """Workers of one thread, to be started on this machine for the run alone."""

    workers: int

    def __str__(self) -> str:
        return f"local:{self.workers}"


@dataclass(frozen=True)
class Remote:
    """A cluster that runs, by its scheduler."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"dask://{self.host}:{self.port}"


Address = Local | Remote


def parse(text: str) -> Address:
    """Return what `--cluster` names.

    Raises:
        ValueError: it names neither.
        MissingExtra: dask.distributed is not installed.
    """
    found = _local(text) if text.startswith("local") else _remote(text)
    if find_spec("distributed") is None:
        raise MissingExtra("--cluster needs dask.distributed: pip install 'seqbench[cluster]'")
    return found


def _local(text: str) -> Local:
    number = text.removeprefix("local:")
    if not re.fullmatch(r"[0-9]{1,4}", number) or int(number) < 1:
        raise ValueError(f"--cluster {text}: name the number of workers, 1 or more, as in local:8")
    return Local(int(number))


def _remote(text: str) -> Remote:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"--cluster {text}: {str(error).lower()}; give {EXAMPLES}") from None
    if parts.scheme in ("tcp", "tls"):
        raise ValueError(
            f"--cluster {text}: write dask:// in place of {parts.scheme}://, as in dask://{parts.netloc or 'host:8786'}"
        )
    if parts.scheme != "dask" or parts.path not in ("", "/") or parts.query or parts.fragment or parts.username:
        raise ValueError(f"--cluster {text} is no cluster; give {EXAMPLES}")
    if not host or not port:
        raise ValueError(f"--cluster {text}: name the host and the port of the scheduler, as in dask://host:8786")
    return Remote(f"[{host}]" if ":" in host else host, port)
