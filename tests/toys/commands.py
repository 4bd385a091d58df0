"""Commands in the process of the test: no interpreter starts, and all runs of a module share a server of processes."""

from typer.testing import CliRunner, Result

from seqbench.cli import app


def called(*arguments: object) -> Result:
    """Return what a command printed, and its exit code.

    Raises:
        Exception: whatever would end in a traceback.
    """
    return CliRunner().invoke(app, list(map(str, arguments)), prog_name="seqbench", catch_exceptions=False)
