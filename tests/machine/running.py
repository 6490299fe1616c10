"""Runs the machine for so many steps on one database, and counts what was reached."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.cast import Troupe
from tests.machine.coverage import Coverage
from tests.machine.neighbourhood import Memory, Neighbourhood
from tests.machine.play import Play
from tests.support.databases import Databases
from tests.support.over_http import TownBehindASocket

RULES_PER_EXAMPLE = 40
EXAMPLES_AT_ONCE = 2
"""The first begins with what is rare, the second is drawn. More would be variations of the second."""
Tell = Callable[[Coverage], None]


class Stage:
    """Puts a town up on a fresh database, and another one before its access tokens end."""

    def __init__(self, databases: Databases, system: str, folder: Path) -> None:
        self._databases = databases
        self._system = system
        self._folder = folder
        self._stack = ExitStack()
        self._troupe: Troupe | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def troupe(self) -> Troupe:
        """The cast, in a town of which the access tokens hold for a while."""
        if self._troupe is None or not self._troupe.is_fresh:
            self._stack.close()
            url = self._stack.enter_context(self._databases.fresh(self._system))
            self._troupe = Troupe(self._stack.enter_context(TownBehindASocket(url, self._folder)))
        return self._troupe


def nothing(_coverage: Coverage) -> None:
    """Says nothing after a step."""


def run(stage: Stage, steps: int, *, seeded: int = 0, shortens: bool = False, tell: Tell = nothing) -> Coverage:
    """Runs examples until `steps` steps are done; the same ones for the same seed.

    While something was never reached it goes on, for three times as many steps and no more. Raises Disagreement;
    where it `shortens`, with the shortest example that Hypothesis finds in five minutes.
    """
    coverage = Coverage(stage.troupe().town.app)
    machine = _machine(stage, coverage, tell)
    part = 0
    while coverage.steps < steps or (coverage.missing() and coverage.steps < 4 * steps):
        run_state_machine_as_test(seed(f"{seeded}-{part}")(machine), settings=_few(shortens=shortens))
        part += 1
    return coverage


def _few(*, shortens: bool) -> settings:
    return settings(
        max_examples=EXAMPLES_AT_ONCE,
        stateful_step_count=RULES_PER_EXAMPLE,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink) if shortens else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )


def _machine(stage: Stage, coverage: Coverage, tell: Tell) -> type[Neighbourhood]:
    def begin() -> Play:
        return Play(stage.troupe(), coverage)

    def on_step() -> None:
        tell(coverage)

    told = {"begin": staticmethod(begin), "on_step": staticmethod(on_step), "memory": Memory(coverage)}
    return type("Neighbourhood", (Neighbourhood,), told)
