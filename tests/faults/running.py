"""One run: a quarter lives, a process dies at its point, comes back, everything is sent, and the checker reads."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import func, select

from jobs.schedule import TIMETABLE
from models import Delivery
from models.lifecycle import DeliveryState
from nachbarschaft.queries.job_runs import job_health
from tests.faults.checker import check
from tests.faults.due import Due
from tests.faults.evidence import Evidence, Finding, Kind
from tests.faults.history import History
from tests.faults.life import Life
from tests.faults.points import Death, Part
from tests.faults.pushes import extra_posts, pushes_posted
from tests.faults.rows import Rows
from tests.faults.striking import was_struck
from tests.faults.victim import launcher
from tests.support.fcm import LoopbackFcm
from tests.support.processes import Process, Processes, await_ready, free_port, wait_until
from tests.support.served import ServedTown

STRIKES_WITHIN = 45.0
COMES_BACK_WITHIN = 40.0
DRAINS_WITHIN = 60.0
CALLS_BEFORE, CALLS_AFTERWARDS = 60, 25
"""How many there are at most before a death that comes by itself, and how many once the process is back."""
AFTER_THE_LEASE = "120"
"""Seconds that the next worker's clock is ahead: for it, the killed one's leases have run out."""


@dataclass(frozen=True)
class Outcome:
    """What became of one run."""

    death: Death
    struck: bool
    findings: list[Finding] = field(default_factory=list)
    posted: int = 0
    extra: int = 0
    calls: int = 0
    broken_tries: int = 0
    seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        return self.struck and not self.findings


def prepare(folder: Path) -> None:
    """To be called once before runs begin in several threads: all loopbacks of a process share one key."""
    LoopbackFcm().credentials_file(folder)


def run(death: Death, seed: str, database_url: str, folder: Path) -> Outcome:
    """Lives through one death on a fresh database. `folder` is empty, and keeps the logs."""
    began = time.monotonic()
    with LoopbackFcm() as fcm, _processes(database_url, folder, fcm) as processes:
        port = free_port()
        with ServedTown(database_url, folder, port) as town:
            outcome = _Run(death, folder, processes, _Quarter(town, fcm, seed)).outcome(port)
    return replace(outcome, seconds=time.monotonic() - began)


@contextmanager
def _processes(database_url: str, folder: Path, fcm: LoopbackFcm) -> Iterator[Processes]:
    credentials = str(fcm.credentials_file(folder))
    settings = {"FIREBASE_CREDENTIALS": credentials, "FCM_URL": fcm.url, "RATE_LIMITS": "off"}
    with Processes(database_url, folder, **settings) as made:
        yield made


@dataclass(frozen=True, slots=True)
class _Quarter:
    """Where people live: the town, Google beside it, and the lots that they draw."""

    town: ServedTown
    fcm: LoopbackFcm
    seed: str


class _Run:
    """The stages of one run."""

    def __init__(self, death: Death, folder: Path, processes: Processes, quarter: _Quarter) -> None:
        self._death, self._folder, self._processes = death, folder, processes
        self._town, self._fcm = quarter.town, quarter.fcm
        self._history = History()
        self._life = Life(quarter.town, quarter.fcm, self._history, quarter.seed)
        self._started: list[Process] = []

    def outcome(self, port: int) -> Outcome:
        """Start, live, die, come back, live on, drain, check."""
        api = self._start(Part.API, port)
        worker = self._start(Part.WORKER, None)
        await_ready(api)
        self._life.begin(math.inf if self._death.point.part == Part.API else CALLS_BEFORE)
        victim = {Part.API: api, Part.WORKER: worker}.get(self._death.point.part) or self._start_scheduler()
        struck = self._wait_for_the_strike()
        if struck:
            self._come_back(victim, port)
            self._life.go_on(CALLS_AFTERWARDS, within=COMES_BACK_WITHIN)
        self._life.end()
        if not struck:
            return Outcome(self._death, struck=False)
        return self._checked(self._drained())

    def _start(self, part: Part, port: int | None) -> Process:
        """Starts a part; the one that is to die by its launcher."""
        if part == self._death.point.part:
            process = self._processes.start(part.value, port=port, launcher=launcher(self._death, self._folder))
        else:
            process = self._processes.start(part.value, port=port)
        self._started.append(process)
        return process

    def _start_scheduler(self) -> Process:
        """Only where it is to die, for what falls due by the clock is not what the other points are about."""
        due = Due(self._town.wiring, self._history)
        waiting, fading = (self._life.ask_aside() for _ in range(2))
        due.plant(waiting, fading, self._life.hoarder.uuid)
        return self._start(Part.SCHEDULER, None)

    def _wait_for_the_strike(self) -> bool:
        try:
            wait_until(lambda: was_struck(self._folder) or self._life.broken, within=STRIKES_WITHIN)
        except AssertionError:
            return False
        return was_struck(self._folder)

    def _come_back(self, victim: Process, port: int) -> None:
        """Starts the part again as an operator would; gunicorn itself replaces one of its own that died alone."""
        part = self._death.point.part
        self._history.killed(part)
        if self._death.whole:
            victim.ended(within=COMES_BACK_WITHIN)
        if part == Part.API and self._death.whole:
            self._started.append(self._processes.start(part.value, port=port))
            await_ready(self._started[-1])
        elif part == Part.WORKER:
            self._started.append(self._processes.start(part.value, CLOCK_OFFSET=AFTER_THE_LEASE))
        elif part == Part.SCHEDULER:
            self._started.append(self._processes.start(part.value))

    def _drained(self) -> list[Finding]:
        """Waits until nothing is owed any more and the scheduler, where there is one, has done all its jobs."""
        try:
            wait_until(lambda: self._waiting() == 0, within=DRAINS_WITHIN)
            if self._death.point.part == Part.SCHEDULER:
                wait_until(self._all_jobs_succeeded, within=DRAINS_WITHIN)
                wait_until(lambda: self._waiting() == 0, within=DRAINS_WITHIN)
        except AssertionError as error:
            return [Finding(Kind.STUCK, str(error))]
        return []

    def _checked(self, findings: list[Finding]) -> Outcome:
        changed = [Finding(Kind.BROKEN, f"{call}: {how}") for call, how in self._life.replay()]
        logs = {process.log.name: process.output for process in self._started}
        evidence = Evidence(self._history, Rows.read(self._town.wiring), self._fcm.posts, logs)
        return Outcome(
            self._death,
            struck=True,
            findings=[*findings, *changed, *check(evidence, self._town.wiring)],
            posted=pushes_posted(evidence),
            extra=extra_posts(evidence),
            calls=len(self._history.calls),
            broken_tries=sum(call.broken_tries for call in self._history.calls),
        )

    def _waiting(self) -> int:
        with self._town.wiring.reading() as context:
            query = select(func.count()).where(Delivery.state.in_([DeliveryState.PENDING, DeliveryState.LEASED]))
            return context.session.scalar(query) or 0

    def _all_jobs_succeeded(self) -> bool:
        with self._town.wiring.reading() as context:
            succeeded = {job["name"] for job in job_health(context) if job["last_success_at"] is not None}
        return succeeded >= {job.name for job in TIMETABLE}
