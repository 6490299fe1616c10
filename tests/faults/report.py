"""What many runs have come to, in lines that can be read one by one and in one table at the end."""

from collections import Counter
from collections.abc import Iterable, Sequence

from tests.faults.evidence import Kind
from tests.faults.points import POINTS, Part
from tests.faults.running import Outcome

TOLD = 6
"""Findings of one run that are written out."""
_HEAD = ("point", "runs", "kills", "lost", "broken", "twice", "stuck", "leaked", "extra", "too many", "pushes")


def line(system: str, outcomes: Sequence[Outcome]) -> str:
    """One point on one database: how it went, in a sentence of figures."""
    point = outcomes[0].death.point
    bad = sum(not outcome.is_good for outcome in outcomes)
    mean = sum(outcome.seconds for outcome in outcomes) / len(outcomes)
    word = "good" if not bad else f"{bad} BAD"
    return f"{system:<10} {point.name:<3} {point.meaning}: {len(outcomes)} runs, {word}, {mean:.1f} s each"


def troubles(system: str, seed: int, outcome: Outcome) -> list[str]:
    """What is wrong with one run, and how to have it again."""
    again = f"--database {system} --points {outcome.death.point.name} --first {seed} --seeds 1"
    if not outcome.struck:
        return [f"  never came to {outcome.death} ({again})"]
    told = [f"  {outcome.death}: {finding}" for finding in outcome.findings[:TOLD]]
    if len(outcome.findings) > TOLD:
        told.append(f"  … and {len(outcome.findings) - TOLD} more")
    return [*told, f"  again with {again}"] if told else []


def table(outcomes: Sequence[Outcome]) -> str:
    """A row for each point, a sum, and what a kill costs in doubled pushes."""
    rows = [_row(name, [one for one in outcomes if one.death.point.name == name]) for name in POINTS]
    rows = [row for row in rows if row[1] != "0"] + [_row("all", outcomes)]
    lines = ["  ".join(f"{cell:>8}" for cell in row) for row in (_HEAD, *rows)]
    return "\n".join([*lines, "", _doubled(outcomes), _calls(outcomes)])


def _row(name: str, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    found = Counter(finding.kind for outcome in outcomes for finding in outcome.findings)
    figures = (
        len(outcomes),
        sum(outcome.struck for outcome in outcomes),
        found[Kind.LOST],
        found[Kind.BROKEN],
        found[Kind.SHOWN_TWICE],
        found[Kind.STUCK],
        found[Kind.LEAKED],
        sum(outcome.extra for outcome in outcomes),
        found[Kind.EXTRA_POST],
        sum(outcome.posted for outcome in outcomes),
    )
    return (name, *map(str, figures))


def _doubled(outcomes: Iterable[Outcome]) -> str:
    """How likely a push is to reach Google twice, where a worker is killed and where none is."""
    parts = []
    for what, of_worker in (("a worker is killed", True), ("none is", False)):
        chosen = [one for one in outcomes if (one.death.point.part == Part.WORKER) == of_worker and one.struck]
        extra, posted = sum(one.extra for one in chosen), sum(one.posted for one in chosen)
        share = f"{extra / posted:.5f}" if posted else "unknown"
        parts.append(f"p(duplicate) where {what}: {share} ({extra} of {posted})")
    return "; ".join(parts)


def _calls(outcomes: Iterable[Outcome]) -> str:
    chosen = list(outcomes)
    calls, broken = sum(one.calls for one in chosen), sum(one.broken_tries for one in chosen)
    return f"{calls} calls, {broken} tries without an answer"
