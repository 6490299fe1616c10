"""The targets: each verdict by its own direction, and a command that prints them all."""

import pytest
from click.testing import CliRunner

from nachbarschaft.simulation import bench
from nachbarschaft.simulation.targets import TARGETS


def test_every_target_knows_its_direction() -> None:
    for target in TARGETS:
        assert target.holds(target.must)
        assert target.is_ambitious(target.ambitious)
        assert target.holds(target.ambitious)
        assert not target.is_ambitious(target.must)
        assert not target.holds(target.must * (0.9 if target.rises else 1.1))


def test_the_command_prints_every_target_and_every_world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "WORLDS", {"40 volunteers": {"volunteers": 40}})
    asked = ["--seeds", "1", "--city-seeds", "1", "--quarters", "4", "--processes", "1"]
    result = CliRunner().invoke(bench.main, asked)
    assert result.exit_code == (1 if "FAILS" in result.stdout else 0), result.output
    for target in TARGETS:
        assert target.name in result.stdout
    assert "40 volunteers" in result.stdout
