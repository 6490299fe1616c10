"""The alert rules for operators ask for figures that there are, under labels that they have."""

import re
from pathlib import Path
from typing import Any

import yaml

from jobs.schedule import TIMETABLE
from tests.support.scrape import Scrape
from tests.support.town import Town

OPS = Path(__file__).parents[2] / "nachbarschaft" / "ops"
_SELECTOR = re.compile(r"(nachbarschaft_\w+)(?:\{([^}]*)\})?")


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((OPS / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_every_figure_that_a_rule_asks_for_is_told(small_town: Town) -> None:
    small_town.run("send-waves")
    small_town.call("GET", "/health/live")
    found = Scrape(small_town.call("GET", "/metrics").text)
    text = small_town.call("GET", "/metrics").text

    asked = [match for rule in rules() for match in _SELECTOR.findall(rule["expr"])]

    assert len(asked) >= 7
    for name, labels in asked:
        assert name in found.names or f"# TYPE {name} " in text, name
        assert set(re.findall(r"(\w+)(?==|!=|=~|!~)", labels)) <= found.label_names(), name


def test_every_job_that_a_rule_names_is_in_the_timetable() -> None:
    named = {
        name for rule in rules() for found in re.findall(r'name=~"([^"]+)"', rule["expr"]) for name in found.split("|")
    }

    assert named
    assert named <= {job.name for job in TIMETABLE}


def test_every_rule_says_in_a_sentence_what_has_happened() -> None:
    for rule in rules():
        assert re.fullmatch(r".{20,}[.?]", rule["annotations"]["summary"]), rule["alert"]
        assert rule["for"]


def test_both_apis_of_the_composition_are_asked() -> None:
    (scrape,) = yaml.safe_load((OPS / "prometheus.yaml").read_text(encoding="utf-8"))["scrape_configs"]
    services = yaml.safe_load((OPS.parents[1] / "compose.yaml").read_text(encoding="utf-8"))["services"]
    published = [port.rpartition(":")[0] for told in services.values() for port in told.get("ports", [])]

    assert scrape["static_configs"] == [{"targets": published}]
    assert scrape["job_name"] in next(rule["expr"] for rule in rules() if rule["alert"] == "ApiIsAway")
