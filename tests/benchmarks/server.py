"""One worker process around the product or around the raw application, under the same gunicorn settings."""

import os
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from api.app import create_app
from api.commands import THREADS
from nachbarschaft.bootstrap import build
from nachbarschaft.cli.parent import end_with_stdin
from nachbarschaft.config import Settings, read_settings
from nachbarschaft.logs import configure_logs
from tests.benchmarks.raw_app import create_raw_app

CPU_PATH = "/-/cpu"


def _product(settings: Settings) -> Flask:
    return create_app(build(settings))


def _raw(settings: Settings) -> Flask:
    return create_raw_app(settings.database_url)


APPS = {"product": _product, "raw": _raw}


class Metered:
    """An application, and beside it the CPU time of its process in ns.

    It is asked rather than watched: from outside, systems count in hundredths of a second.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != CPU_PATH:
            return self._app(environ, start_response)
        body = str(time.process_time_ns()).encode()
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
        return [body]


class OneWorker(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """As `nachbarschaft api` serves, but with one worker process, so that its CPU time is everybody's."""

    def __init__(self, name: str, settings: Settings) -> None:
        self._name = name
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        for name, value in {
            "bind": f"127.0.0.1:{self._settings.port}",
            "worker_class": "gthread",
            "workers": 1,
            "threads": THREADS,
            "control_socket_disable": True,
            "loglevel": "warning",
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Metered:
        return Metered(APPS[self._name](self._settings))


def main() -> None:
    """`python -m tests.benchmarks.server NAME`, with the product's settings in the environment."""
    settings = read_settings(os.environ)
    configure_logs(settings.log_format)
    end_with_stdin()
    OneWorker(sys.argv[1], settings).run()


if __name__ == "__main__":
    main()
