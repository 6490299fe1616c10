"""All rules over one run's evidence."""

from collections.abc import Iterator

from nachbarschaft.bootstrap import Wiring
from tests.faults import effects, leaks, owed, paths, pushes
from tests.faults.evidence import Evidence, Finding, Rule

RULES: tuple[Rule, ...] = (
    effects.effects_are_there,
    effects.rows_are_there,
    effects.ends_are_kept,
    effects.devices_are_kept,
    effects.looks_are_logged,
    effects.nobody_saw_a_failure,
    effects.one_answer_per_key,
    effects.old_things_are_forgotten,
    paths.lives_are_paths,
    paths.helpers_are_counted,
    paths.due_once_was_done_once,
    owed.entries_are_owed,
    owed.pushes_are_owed,
    pushes.nothing_is_stuck,
    pushes.pushes_reached_google,
    pushes.failures_are_true,
    pushes.dead_phones_are_forgotten,
    pushes.drops_are_true,
    pushes.posts_are_owed,
    leaks.pushes_name_nobody,
    leaks.logs_name_nobody,
)


def check(evidence: Evidence, wiring: Wiring) -> list[Finding]:
    """Everything that is not as it should be; nothing where all is well."""
    return [*_found(evidence), *paths.counters_are_right(wiring)]


def _found(evidence: Evidence) -> Iterator[Finding]:
    for rule in RULES:
        yield from rule(evidence)
