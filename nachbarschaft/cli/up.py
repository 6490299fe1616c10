"""`nachbarschaft up`: the whole product as one command, for a first look and for small towns."""

import signal
import subprocess
import sys
import time
import urllib.request
from types import FrameType

import click

from nachbarschaft import schema
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.cli.failing import explained, wire_up
from nachbarschaft.cli.listening import refuse_unsafe, require_free_port
from nachbarschaft.config import BadSetting
from nachbarschaft.demo import load_demo

PARTS = ("api", "worker", "scheduler")
STOP_WITHIN = 24.5
"""Seconds after which a part that does not end is killed; each of them takes less, whatever it has in its hands."""
READY_WITHIN = 60.0


@click.command()
@click.option("--demo", "with_demo", is_flag=True, help="Load the demo city first.")
@explained
def up(*, with_demo: bool) -> None:
    """Start the API, push delivery and the timetable, and stop them together."""
    wiring = wire_up()
    if with_demo and not wiring.settings.listens_on_loopback:
        raise BadSetting("--demo is for a loopback address: its sign-ins are known to everybody.")
    click.echo("Bringing the database up to date …")
    schema.upgrade(wiring.database.engine)
    refuse_unsafe(wiring)
    require_free_port(wiring.settings)
    people = _load(wiring) if with_demo else []
    wiring.database.close()
    sys.exit(_Household(wiring, people).run())


def _load(wiring: Wiring) -> list[dict[str, object]]:
    click.echo("Loading the demo city …")
    with wiring.writing() as context:
        return load_demo(context)


def _start(part: str) -> subprocess.Popen[bytes]:
    """One part. It has a session of its own, so that Ctrl-C reaches only this process, which then stops it in order;
    and nobody writes into its standard input: that only tells it when this process is gone."""
    command = [sys.executable, "-m", "nachbarschaft", "--ends-with-stdin", part]
    return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603 - ours


class _Household:
    """The three processes, started together and stopped together."""

    def __init__(self, wiring: Wiring, people: list[dict[str, object]]) -> None:
        self._settings = wiring.settings
        self._people = people
        self._parts: dict[str, subprocess.Popen[bytes]] = {}
        self._told: signal.Signals | None = None
        self._is_ready = False

    def run(self) -> int:
        """Runs until told to stop (0) or until one of the parts ends by itself (1)."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        click.echo("Starting " + ", ".join(PARTS) + " …")
        self._parts = {part: _start(part) for part in PARTS}
        try:
            self._is_ready = self._wait_until_ready()
            if self._is_ready:
                self._introduce()
            return self._watch()
        finally:
            self._end()

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        """Ctrl-C a second time: without waiting for anybody."""
        if self._told is not None and number == signal.SIGINT:
            self._tell_api(signal.SIGINT)
        self._told = self._told or signal.Signals(number)

    def _tell_api(self, number: signal.Signals) -> None:
        """SIGTERM gives whoever hands calls to the API the time to look elsewhere; SIGINT is in a hurry."""
        if "api" in self._parts:
            self._parts["api"].send_signal(number)

    def _wait_until_ready(self) -> bool:
        """Waits as long as it takes; False where it was told to stop, or one of the parts has ended."""
        patience = time.monotonic() + READY_WITHIN
        while self._told is None and self._all_run():
            try:
                with urllib.request.urlopen(self._address() + "/health/ready", timeout=2):  # noqa: S310 - our own address
                    return True
            except OSError:
                time.sleep(0.1)
            if time.monotonic() > patience:
                click.echo(f"Not ready yet; {self._address()}/health/ready says why.", err=True)
                patience += READY_WITHIN
        return False

    def _all_run(self) -> bool:
        return all(part.poll() is None for part in self._parts.values())

    def _watch(self) -> int:
        while self._told is None:
            for name, part in self._parts.items():
                if part.poll() is not None:
                    click.echo(f"nachbarschaft: the {name} ended ({part.returncode}); stopping the rest.", err=True)
                    return 1
            time.sleep(0.2)
        click.echo("Stopping …")
        return 0

    def _end(self) -> None:
        """As long as the API is not ready it may not know what to do with SIGINT, and nobody calls it."""
        self._tell_api(signal.SIGINT if self._is_ready and self._told != signal.SIGTERM else signal.SIGTERM)
        for name, part in self._parts.items():
            if name != "api":
                part.terminate()
        end = time.monotonic() + STOP_WITHIN
        for part in self._parts.values():
            try:
                part.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                part.kill()
                part.wait()

    def _address(self) -> str:
        host = self._settings.host
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}.get(host, host)  # noqa: S104 - to reach it, not to bind
        return f"http://{host}:{self._settings.port}"

    def _introduce(self) -> None:
        address = self._address()
        click.echo(f"\nNachbarschaft is up.\n\n  API        {address}/v1\n  Reference  {address}/docs")
        click.echo(f"  Health     {address}/health/ready")
        if self._people:
            click.echo("\nDemo sign-ins (invented people, one password for all):\n")
            for person in self._people:
                roles = ", ".join(person["roles"])  # type: ignore[arg-type]  # a list of strings
                click.echo(f"  {person['email']:<40} {person['quarter']:<20} {roles}")
            first = self._people[0]
            click.echo(f"\n  password: {first['password']}\n\nTry:\n")
            click.echo(
                f"  curl -s {address}/v1/auth/sign-in -H 'Content-Type: application/json' \\\n"
                f"""    -d '{{"login": "{first["email"]}", "password": "{first["password"]}"}}'"""
            )
        else:
            click.echo(f"\nTry:\n\n  curl -s {address}/v1/quarters")
        click.echo("\nCtrl-C stops everything.")
        sys.stdout.flush()
