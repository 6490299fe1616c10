"""The report of the long runs says what was found, and counts no run as good that never came to its point."""

from pathlib import Path

from tests.faults.__main__ import State
from tests.faults.evidence import Finding, Kind
from tests.faults.points import POINTS, death_of
from tests.faults.report import line, table, troubles
from tests.faults.running import Outcome

GOOD = Outcome(death_of(POINTS["K9"], 1), struck=True, posted=40, extra=2, calls=30, broken_tries=1, seconds=5.0)
MISSED = Outcome(death_of(POINTS["K9"], 2), struck=False, seconds=45.0)
BAD = Outcome(
    death_of(POINTS["K4"], 3), struck=True, findings=[Finding(Kind.LOST, "a push")], posted=10, calls=5, seconds=4.0
)


def test_only_a_run_that_died_and_in_which_nothing_was_found_is_good() -> None:
    assert [outcome.is_good for outcome in (GOOD, MISSED, BAD)] == [True, False, False]
    assert "2 runs, 1 BAD" in line("sqlite", [GOOD, MISSED])
    assert "1 runs, good" in line("sqlite", [GOOD])


def test_what_is_wrong_is_told_with_how_to_have_it_again() -> None:
    assert troubles("sqlite", 1, GOOD) == []
    assert "never came to K9" in troubles("sqlite", 2, MISSED)[0]
    told = troubles("postgresql", 3, BAD)
    assert "lost: a push" in told[0]
    assert "--database postgresql --points K4 --first 3 --seeds 1" in told[1]


def test_the_table_sums_up_runs_kills_findings_and_doubled_pushes() -> None:
    rows = {row.split()[0]: row.split()[1:] for row in table([GOOD, MISSED, BAD]).splitlines() if row.strip()}

    assert rows["K9"][:3] == ["2", "1", "0"]
    assert rows["K4"][:3] == ["1", "1", "1"]
    assert rows["all"] == ["3", "2", "1", "0", "0", "0", "0", "2", "0", "50"]
    assert "a worker is killed: 0.05000 (2 of 40); p(duplicate) where none is: 0.00000 (0 of 10)" in table([GOOD, BAD])


def test_an_interrupted_campaign_goes_on_where_it_was(tmp_path: Path) -> None:
    State(tmp_path / "runs").note("sqlite", "K4", 3)

    again = State(tmp_path / "runs")

    assert again.has("sqlite", "K4", 3)
    assert not again.has("postgresql", "K4", 3)
