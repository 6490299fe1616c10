"""`nachbarschaft check`: what is configured, what is missing, what is unsafe; before the first start and after."""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

import click
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from nachbarschaft import schema
from nachbarschaft.bootstrap import Wiring, build, open_gateway
from nachbarschaft.cli.listening import refuse_unsafe
from nachbarschaft.config import PREFIX, BadSetting, Settings, read_settings
from nachbarschaft.queries.health import oldest_due_push
from nachbarschaft.queries.job_runs import job_health

LATE_PUSH_SECONDS = 300
REDIS_TIMEOUT = 2.0
KNOWN = {PREFIX + field.name.upper() for field in fields(Settings) if field.name != "state_dir"}
"""Every setting, by its name in the environment; each may also be given as NAME_FILE."""
_FOR_TESTS = f"{PREFIX}TEST_"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; what is `bad` would stop a start."""

    mark: str
    text: str

    @property
    def is_bad(self) -> bool:
        return self.mark == "bad"


@click.command()
def check() -> None:
    """Say what is configured, what is missing and what is unsafe; exits 1 if it would refuse to start."""
    findings = list(_findings())
    for finding in findings:
        click.echo(f"{finding.mark:<5} {finding.text}")
    sys.exit(1 if any(finding.is_bad for finding in findings) else 0)


def _findings() -> Iterator[Finding]:
    yield from _unknown(os.environ)
    try:
        settings = read_settings(os.environ)
        wiring = build(settings)
    except BadSetting as error:
        yield Finding("bad", str(error))
        return
    yield Finding("ok", f"Sign-in keys: {len(settings.jwt_keys)}; the first signs.")
    yield Finding("ok", f"Data keys: {len(settings.data_keys)}; the first seals, all open.")
    yield _push(settings)
    yield _clock(settings)
    yield _limits(settings)
    yield _proxies(settings)
    yield _metrics(settings)
    yield from _database(wiring)
    wiring.database.close()


def _push(settings: Settings) -> Finding:
    if settings.firebase_credentials is None:
        return Finding("note", "No Firebase credentials: pushes are recorded, and the inbox is the channel.")
    try:
        open_gateway(settings, 1).close()
    except BadSetting as error:
        return Finding("bad", str(error))
    return Finding("ok", f"Pushes go out through {settings.fcm_url}.")


def _clock(settings: Settings) -> Finding:
    if settings.clock_offset:
        return Finding("note", f"The clock is moved by {settings.clock_offset:g} seconds: a rehearsal.")
    return Finding("ok", "The clock is the machine's own.")


def _unknown(env: Mapping[str, str]) -> Iterator[Finding]:
    """Only the names: what was meant for a setting may be a secret."""
    for name in sorted(env):
        mine = name.startswith(PREFIX) and not name.startswith(_FOR_TESTS)
        if mine and name.removesuffix("_FILE") not in KNOWN:
            yield Finding("note", f"{name} is not known to this version: a typo?")


def _limits(settings: Settings) -> Finding:
    """The kind of failure only: the address of Redis may hold its password."""
    if not settings.rate_limits:
        return Finding("note", "Rate limits are off: for load tests only.")
    if settings.redis_url is None:
        return Finding("ok", "Rate limits are on; without Redis each API process counts alone.")
    try:
        with Redis.from_url(
            settings.redis_url, socket_timeout=REDIS_TIMEOUT, socket_connect_timeout=REDIS_TIMEOUT
        ) as redis:
            redis.ping()
    except (RedisError, OSError, ValueError) as error:
        return Finding("note", f"Redis does not answer ({type(error).__name__}): each API process counts alone.")
    return Finding("ok", "Rate limits are on, and Redis counts for all API processes.")


def _proxies(settings: Settings) -> Finding:
    if settings.trusted_proxies:
        return Finding("ok", f"Proxies that are believed about where a call comes from: {settings.trusted_proxies}.")
    if settings.listens_on_loopback:
        return Finding("ok", "No proxy is believed about where a call comes from.")
    return Finding("note", "No proxy is believed about where a call comes from: is there none that does TLS?")


def _metrics(settings: Settings) -> Finding:
    whose = "this machine only" if settings.metrics_token is None else "this machine, and whoever has the token"
    return Finding("ok", f"/metrics is for {whose}.")


def _database(wiring: Wiring) -> Iterator[Finding]:
    """The kind of failure only: a driver's message may hold the password of the database's URL."""
    try:
        refuse_unsafe(wiring)
        with wiring.reading() as context:
            there = schema.current_revision(context.session.connection())
            wanted = schema.newest_revision()
            if not schema.serves(there):
                yield Finding(
                    "bad", f"The database is at revision {there}, not {wanted}: run `nachbarschaft db upgrade`."
                )
                return
            if there == wanted:
                yield Finding("ok", f"The database answers and is at revision {there}.")
            else:
                yield Finding("note", f"The database is at revision {there}, made by a release newer than this one.")
            late = oldest_due_push(context)
            if late is not None and late > LATE_PUSH_SECONDS:
                yield Finding("note", f"The oldest due push has waited for {late:.0f} seconds: does a worker run?")
            if not job_health(context):
                yield Finding("note", "No job has ever run: does a scheduler run?")
    except BadSetting as error:
        yield Finding("bad", str(error))
    except SQLAlchemyError as error:
        yield Finding("bad", f"The database does not answer ({type(error).__name__}).")
