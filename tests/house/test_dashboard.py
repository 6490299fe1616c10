"""The dashboard for operators: Grafana can read it, it shows figures that there are, and it belongs to no machine."""

import json
import re
from collections import Counter
from itertools import product
from typing import Any

import pytest

from tests.house.figures import require_told
from tests.house.test_alerts import OPS
from tests.support.town import Town

ROWS = ["Is it well?", "Delivery by outcome and channel", "Jobs", "HTTP", "Requests for help"]
GRAFANA_10 = 38
"""The least `schemaVersion` of Grafana 10."""
COLUMNS = 24


@pytest.fixture(scope="module")
def text() -> str:
    return (OPS / "dashboard.json").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def board(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.fixture(scope="module")
def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    """All but the rows."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def test_grafana_can_read_it(board: dict[str, Any], panels: list[dict[str, Any]]) -> None:
    assert board["schemaVersion"] >= GRAFANA_10
    assert board["title"] == "Nachbarschaft"
    assert [panel["title"] for panel in board["panels"] if panel["type"] == "row"] == ROWS
    assert max(Counter(panel["id"] for panel in board["panels"]).values()) == 1
    for panel in panels:
        assert panel["type"] in {"stat", "timeseries"}
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"]) > 0
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]


def test_every_panel_shows_figures_that_there_are(small_town: Town, panels: list[dict[str, Any]]) -> None:
    require_told(small_town, [target["expr"] for panel in panels for target in panel["targets"]])


def test_every_label_of_a_legend_is_one_that_is_grouped_by(panels: list[dict[str, Any]]) -> None:
    for panel in panels:
        for target in panel["targets"]:
            groups = re.findall(r"by \(([^)]*)\)", target["expr"])
            grouped = {word.strip() for group in groups for word in group.split(",")}
            assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= grouped, target["expr"]


def test_no_panel_lies_on_another_one(board: dict[str, Any]) -> None:
    taken: Counter[tuple[int, int]] = Counter()
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= COLUMNS, panel["title"]
        columns, lines = (range(place[start], place[start] + place[size]) for start, size in (("x", "w"), ("y", "h")))
        taken.update(product(columns, lines))

    assert [cell for cell, count in taken.items() if count > 1] == []


def test_it_belongs_to_no_machine_and_to_no_data_source(
    text: str, board: dict[str, Any], panels: list[dict[str, Any]]
) -> None:
    (variable,) = board["templating"]["list"]
    assert (variable["type"], variable["name"], variable["query"]) == ("datasource", "datasource", "prometheus")
    assert "current" not in variable
    assert set(re.findall(r'"uid": *"([^"]*)"', text)) == {"${datasource}"}
    sources = [part["datasource"] for panel in panels for part in (panel, *panel["targets"])]
    assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in sources)
    assert not re.search(r"https?://|\b\d+\.\d+\.\d+\.\d+\b|localhost|instance=", text)
    assert not {"id", "uid", "__inputs"} & board.keys()


def test_everything_says_what_it_shows(panels: list[dict[str, Any]]) -> None:
    for panel in panels:
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]
