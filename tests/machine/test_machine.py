"""The machine in the suite: always the same steps, in which everything is reached; and that it can fail at all."""

import sys
from pathlib import Path

import pytest

from models.lifecycle import MACHINES
from tests.machine.coverage import EXCUSED, Coverage, NeverReached, UnknownMark
from tests.machine.running import Stage, run
from tests.support.databases import Databases
from tests.support.town import Town

STEPS = 2000


@pytest.mark.timeout(600)
@pytest.mark.parametrize("system", ["sqlite", "postgresql"])
def test_the_product_does_what_the_plain_model_says_and_everything_is_reached(
    databases: Databases, system: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Stage(databases, system, tmp_path) as stage:
        coverage = run(stage, STEPS)
    with capsys.disabled():
        sys.stderr.write(f"\n{system}: {coverage}\n")
    coverage.require_all()
    assert coverage.steps >= STEPS


def test_a_run_that_leaves_something_out_fails_and_names_it(small_town: Town) -> None:
    coverage = Coverage(small_town.app)
    left_out = ("request", "withdraw", "filled", "done")
    coverage.reached(coverage.wanted - {left_out})
    with pytest.raises(NeverReached, match="request withdraw filled done"):
        coverage.require_all()
    coverage.reached([left_out])
    coverage.require_all()


def test_a_move_that_no_table_holds_is_no_move(small_town: Town) -> None:
    with pytest.raises(UnknownMark, match="request cancel expired cancelled"):
        Coverage(small_town.app).reached([("request", "cancel", "expired", "cancelled")])


def test_every_row_of_every_table_is_to_be_reached(small_town: Town) -> None:
    wanted = Coverage(small_town.app).wanted
    for machine in MACHINES:
        rows = len(machine.moves) + len(machine.refusals) + len(machine.rests)
        assert sum(mark[0] == machine.name for mark in wanted) == rows
    assert all(mark[0] == "operation" for mark in EXCUSED)
