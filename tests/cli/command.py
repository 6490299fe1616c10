"""The operator's command, run in this process as a shell would run it: words and settings in, code and text out."""

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO

import structlog

from nachbarschaft.cli import main
from tests.support.town import DATA_KEY, JWT_KEY


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    def failed_with_one_sentence(self) -> str:
        """The one line on standard error of a command that failed as it should: no traceback, nothing else."""
        assert (self.code, self.out) == (1, ""), (self.code, self.out, self.err)
        assert len(self.err.splitlines()) == 1, self.err
        assert self.err.startswith("nachbarschaft: "), self.err
        return self.err


def run(*words: str, database: str = "", **settings: str) -> Ran:
    """`nachbarschaft WORDS…` with these settings (names without prefix) and no others."""
    wanted = {"DATABASE_URL": database, "JWT_KEYS": JWT_KEY, "DATA_KEYS": DATA_KEY} | settings
    out, err = StringIO(), StringIO()
    with (
        _surroundings(words, {f"NACHBARSCHAFT_{name}": value for name, value in wanted.items()}),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
            code: object = 0
        except SystemExit as end:
            code = end.code or 0
    assert isinstance(code, int)
    return Ran(code, out.getvalue(), err.getvalue())


@contextmanager
def _surroundings(words: tuple[str, ...], settings: Mapping[str, str]) -> Iterator[None]:
    """The command's own arguments, environment and logs; everything is as before afterwards."""
    root, environment, arguments = logging.getLogger(), dict(os.environ), sys.argv
    handlers, level, logs = root.handlers[:], root.level, structlog.get_config()
    foreign = [name for name in os.environ if name.startswith("NACHBARSCHAFT_") or name in {"HOST", "PORT"}]
    try:
        for name in foreign:
            del os.environ[name]
        os.environ.update(settings)
        sys.argv = ["nachbarschaft", *words]
        yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = arguments
        root.handlers[:], root.level = handlers, level
        structlog.configure(**logs)
