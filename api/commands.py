"""The door's own commands: `api` and `openapi`."""

import json

import click
from flask import Flask
from gunicorn.app.base import BaseApplication

from api.app import create_app
from api.document import build_document
from api.master import GRACE_SECONDS, Master
from api.sharing import SharedCounting, shared_counting
from api.stopping import Stopping, tell_stopping
from api.unreadable import LONGEST_LINE
from api.worker import Worker
from nachbarschaft.bootstrap import Wiring, build
from nachbarschaft.cli.failing import explained, wire_up
from nachbarschaft.cli.listening import refuse_unsafe, require_free_port
from nachbarschaft.config import Settings, in_url
from nachbarschaft.config import for_document as settings_for_document

THREADS = 8


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn around one application per worker process; each wires itself up after the fork."""

    def __init__(self, settings: Settings, counting: SharedCounting) -> None:
        self._settings = settings
        self._counting = counting
        self._stopping = Stopping()
        super().__init__()

    def load_config(self) -> None:
        host = in_url(self._settings.host)
        for name, value in {
            "bind": f"{host}:{self._settings.port}",
            "worker_class": Worker,
            "limit_request_line": LONGEST_LINE,
            "workers": 2,
            "threads": THREADS,
            "graceful_timeout": GRACE_SECONDS,
            "control_socket_disable": True,
            "proc_name": "nachbarschaft-api",
            "loglevel": "warning",
            "pre_fork": self._counting.before_fork,
            "post_fork": self._counting.after_fork,
            "child_exit": self._counting.after_death,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        app = create_app(build(self._settings))
        tell_stopping(app, self._stopping)
        return app

    def run(self) -> None:
        Master(self, self._stopping).run()


@click.command()
@explained
def api() -> None:
    """Serve the API under gunicorn."""
    wiring: Wiring = wire_up()
    refuse_unsafe(wiring)
    require_free_port(wiring.settings)
    wiring.database.close()
    with shared_counting() as counting:
        _Server(wiring.settings, counting).run()


@click.command()
def openapi() -> None:
    """Print the OpenAPI 3.1 document."""
    app = create_app(build(settings_for_document()))
    click.echo(json.dumps(build_document(app), ensure_ascii=False, indent=2))
