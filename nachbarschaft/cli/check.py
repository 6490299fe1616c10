"""`nachbarschaft check`: what is configured, what is missing, what is unsafe; before the first start and after."""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime

import click
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from nachbarschaft import schema
from nachbarschaft.bootstrap import Wiring, build, open_gateway
from nachbarschaft.cli.listening import refuse_unsafe
from nachbarschaft.config import PREFIX, BadSetting, Settings, read_settings
from nachbarschaft.context import Context
from nachbarschaft.mailserver import mail_server
from nachbarschaft.queries.delivering import ChannelStanding, channel_standings
from nachbarschaft.queries.job_runs import JobStanding, job_standings

LATE_SECONDS = 300
"""A worker sends within seconds, and each job of which somebody waits runs at least once a minute."""
LATE_RARE_SECONDS = {"close-forgotten": 1800, "forget-personal-data": 7200, "prune-devices": 7200}
"""The same for jobs that run more rarely: twice or three times their interval."""
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
    yield from _mail(settings)
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


def _mail(settings: Settings) -> Iterator[Finding]:
    """The server's name only: the rest of its address is a password."""
    if settings.smtp_url is None:
        yield Finding("note", "No mail server: mails, and the codes in them, are only recorded.")
        return
    server = mail_server(settings.smtp_url)
    yield Finding("ok", f"Mails go out through {server.host}:{server.port}, from {settings.mail_from}.")
    if not settings.public_url.startswith("https://"):
        yield Finding("note", "PUBLIC_URL is not https: mail programs will not unsubscribe anybody with one click.")


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
            yield from _work(context)
    except BadSetting as error:
        yield Finding("bad", str(error))
    except SQLAlchemyError as error:
        yield Finding("bad", f"The database does not answer ({type(error).__name__}).")


def _work(context: Context) -> Iterator[Finding]:
    """Delivery and the jobs: one line for each that is late or fails. A code or a kind, never a text."""
    for channel in channel_standings(context):
        yield from _channel(channel)
    jobs = job_standings(context)
    if not any(job.last_success_at or job.last_error_at for job in jobs):
        yield Finding("note", "No job has ever run: does a scheduler run?")
        return
    for job in jobs:
        yield from _job(job)


def _channel(told: ChannelStanding) -> Iterator[Finding]:
    troubles = []
    if _is_late(told.oldest_due_seconds, LATE_SECONDS):
        troubles.append(f"{told.due} due, the oldest for {told.oldest_due_seconds:.0f} seconds: does a worker run?")
    if told.fails:
        troubles.append(f"the last attempt failed ({told.last_error}, {_at(told.last_error_at)}).")
    if troubles:
        yield Finding("note", f"Delivery by {told.channel}: " + " And ".join(troubles))


def _job(told: JobStanding) -> Iterator[Finding]:
    troubles = []
    if _is_late(told.oldest_due_seconds, LATE_RARE_SECONDS.get(told.name, LATE_SECONDS)):
        troubles.append(f"the oldest row has waited for {told.oldest_due_seconds:.0f} seconds: does a scheduler run?")
    if told.fails:
        troubles.append(f"the last run failed ({told.last_error}, {_at(told.last_error_at)}).")
    if troubles:
        yield Finding("note", f"Job {told.name}: " + " And ".join(troubles))


def _is_late(seconds: float | None, limit: float) -> bool:
    return seconds is not None and seconds > limit


def _at(instant: datetime | None) -> str:
    return "" if instant is None else instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
