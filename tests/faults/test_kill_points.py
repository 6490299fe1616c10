"""Each process dies once at each of its points, on both databases: nothing is lost, and nothing comes twice."""

from pathlib import Path

import pytest

from tests.faults.points import POINTS, death_of
from tests.faults.running import run

SEED = 1
"""`make faults` goes on from here with fifty of them."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", POINTS)
def test_nothing_is_lost_and_nothing_comes_twice_whatever_dies(name: str, database_url: str, tmp_path: Path) -> None:
    outcome = run(death_of(POINTS[name], SEED), f"{name}-{SEED}", database_url, tmp_path)

    assert outcome.struck, f"never came to {outcome.death}"
    assert [str(finding) for finding in outcome.findings] == []
    assert outcome.calls > 0
    assert outcome.posted > 0
