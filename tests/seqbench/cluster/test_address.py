"""What may be written after --cluster."""

import pytest

from seqbench.cluster.address import Local, Remote, parse


def test_workers_here_and_a_scheduler_elsewhere() -> None:
    assert parse("local:8") == Local(8)
    assert parse("dask://scheduler:8786") == Remote("scheduler", 8786)
    assert parse("dask://[::1]:8786") == Remote("[::1]", 8786)
    assert str(parse("dask://10.0.0.1:8786/")) == "dask://10.0.0.1:8786"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("local:0", "1 or more, as in local:8"),
        ("local:x", "1 or more, as in local:8"),
        ("local:-1", "1 or more"),
        ("local:٣", "1 or more"),
        ("local", "1 or more"),
        ("local:10000000", "1 or more"),
        ("tcp://", "write dask:// in place of tcp://"),
        ("tcp://host:8786", "as in dask://host:8786"),
        ("dask://", "name the host and the port"),
        ("dask://host", "name the host and the port"),
        ("dask://host:port", "port could not be cast"),
        ("dask://host:99999", "port out of range"),
        ("dask://host:0", "name the host and the port"),
        ("dask://host:8786/path", "is no cluster"),
        ("ssh://host:22", "is no cluster; give local:8"),
        ("host:8786", "is no cluster"),
        ("", "is no cluster"),
    ],
)
def test_what_is_no_cluster_is_answered_with_what_is_one(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(text)
