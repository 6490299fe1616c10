"""The command: its JSON, its drawing, its refusals."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from nachbarschaft.cli.simulate import simulate
from nachbarschaft.simulation.measures import METRICS

SMALL = {"volunteers": 15, "requests_per_volunteer_day": 0.1}


def call(*arguments: str) -> Result:
    return CliRunner().invoke(simulate, list(arguments))


def small_world(folder: Path, **more: Any) -> str:
    path = folder / "world.json"
    path.write_text(json.dumps(SMALL | more), encoding="utf-8")
    return str(path)


def test_one_json_object_as_the_contract_says(tmp_path: Path) -> None:
    result = call("--seeds", "2", "--weeks", "3", "--json", "--world", small_world(tmp_path), "--processes", "1")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["seeds"], found["weeks"], found["quarters"]) == ([1, 2], 3, 1)
    assert found["world"]["volunteers"] == 15
    assert found["world"]["reach_km"] == 1.2
    for name in ("notify_all", "nearest_10", "random_10", "nearest_waves", "ours"):
        assert set(found["policies"][name]) == set(METRICS)
    assert set(found["policies"]["ours"]["fill"]) == {"mean", "ci95"}
    assert "muted" not in found["policies"]["bound"]
    assert "notify_all_in_reach" not in found["policies"]


def test_several_quarters_add_what_reaches_across_their_borders(tmp_path: Path) -> None:
    asked = ("--seeds", "1", "--weeks", "2", "--quarters", "4", "--json")
    found = json.loads(call(*asked, "--world", small_world(tmp_path)).stdout)
    assert {"notify_all_in_reach", "bound_in_reach"} <= set(found["policies"])
    assert found["policies"]["bound_in_reach"]["fill"]["mean"] >= found["policies"]["bound"]["fill"]["mean"]


def test_the_same_seed_gives_the_same_bytes_whatever_the_number_of_processes(tmp_path: Path) -> None:
    asked = ("--seeds", "3", "--seed", "7", "--weeks", "2", "--json", "--world", small_world(tmp_path))
    assert call(*asked, "--processes", "1").stdout == call(*asked, "--processes", "2").stdout
    assert call(*asked, "--processes", "1").stdout != call(*asked, "--seed", "8", "--processes", "1").stdout


def test_progress_goes_to_standard_error(tmp_path: Path) -> None:
    result = call("--seeds", "2", "--weeks", "2", "--policies", "ours", "--world", small_world(tmp_path))
    assert "2 of 2 seeds" in result.stderr
    assert "seeds" not in result.stdout


def test_the_drawing_is_well_formed_and_says_in_words_what_it_shows(tmp_path: Path) -> None:
    drawing = tmp_path / "plot.svg"
    asked = ("--seeds", "1", "--weeks", "2", "--policies", "ours,notify_all,bound")
    assert call(*asked, "--plot", str(drawing), "--world", small_world(tmp_path)).exit_code == 0
    root = ET.fromstring(drawing.read_text(encoding="utf-8"))  # noqa: S314 - written by ourselves
    space = "{http://www.w3.org/2000/svg}"
    assert root.get("role") == "img"
    assert root.find(f"{space}title") is not None
    described = root.find(f"{space}desc")
    assert described is not None
    assert "ours" in str(described.text)
    texts = [text.text for text in root.iter(f"{space}text")]
    assert {"1 ours", "2 notify_all", "3 bound"} <= set(texts)
    strokes = [(line.get("stroke"), line.get("stroke-dasharray")) for line in root.iter(f"{space}polyline")]
    assert len({dash for _, dash in strokes}) > 1, "told apart by colour alone"


@pytest.mark.parametrize(
    ("world", "named"),
    [
        ({"volunteers": 0}, "volunteers must be between 1 and 5000"),
        ({"volunteers": 2.5}, "volunteers must be a whole number"),
        ({"fatigue": "much"}, "fatigue must be a number"),
        ({"fatigue": True}, "fatigue must be a number"),
        ({"fatigue": float("nan")}, "fatigue must be a number"),
        ({"moonshine": 1}, "there is no field moonshine"),
        ({"urgent_share": 0.8, "relaxed_share": 0.8}, "urgent_share and relaxed_share"),
    ],
)
def test_a_bad_world_is_refused_by_the_name_of_the_field(tmp_path: Path, world: dict[str, Any], named: str) -> None:
    result = call("--world", small_world(tmp_path, **world))
    assert result.exit_code == 2
    assert named in result.stderr
    assert not result.stdout


@pytest.mark.parametrize(
    ("policy", "named"),
    [
        ({"wave": 0}, "wave must be between 1 and 20"),
        ({"wave": 2.5}, "wave must be a whole number"),
        ({"weight_near": -1}, "weight_near must be between 0 and 100"),
        ({"open_list": 1}, "open_list must be true or false"),
        ({"common_languages": "de"}, "common_languages must be a list"),
        ({"speed": 1}, "there is no field speed"),
        ({"wave": 20, "asked_at_most": 10}, "wave: A wave cannot be larger"),
    ],
)
def test_a_bad_policy_is_refused_by_the_name_of_the_field(tmp_path: Path, policy: dict[str, Any], named: str) -> None:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(policy), encoding="utf-8")
    result = call("--policy", str(path))
    assert result.exit_code == 2
    assert named in result.stderr


@pytest.mark.parametrize("text", ["", "[1]", "{", "\udc80"])
def test_what_is_no_json_object_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "world.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    result = call("--world", str(path))
    assert result.exit_code == 2
    assert "world.json" in result.stderr


@pytest.mark.parametrize("asked", [("--policies", "mine"), ("--seeds", "0"), ("--weeks", "x"), ("--world", "nowhere")])
def test_a_wrong_call_ends_with_2(asked: tuple[str, str]) -> None:
    assert call(*asked).exit_code == 2


def test_a_policy_changes_ours_and_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps({"wave": 6, "wave_urgent": 9}), encoding="utf-8")
    asked = (
        "--seeds",
        "1",
        "--weeks",
        "3",
        "--json",
        "--world",
        small_world(tmp_path),
        "--policies",
        "ours,notify_all",
    )
    plain, changed = (json.loads(call(*asked, *more).stdout)["policies"] for more in ((), ("--policy", str(path))))
    assert plain["notify_all"] == changed["notify_all"]
    assert plain["ours"] != changed["ours"]
