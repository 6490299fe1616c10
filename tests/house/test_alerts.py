"""The alert rules for operators ask for figures that there are, under labels that they have."""

import re
from pathlib import Path
from typing import Any

import yaml

from jobs.schedule import TIMETABLE
from nachbarschaft.sending import is_alarm
from tests.house.figures import require_told
from tests.support.town import Town

OPS = Path(__file__).parents[2] / "nachbarschaft" / "ops"


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((OPS / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_every_figure_that_a_rule_asks_for_is_told(small_town: Town) -> None:
    asked = [rule["expr"] for rule in rules() if not rule["expr"].startswith("up{")]

    assert len(asked) >= 10
    require_told(small_town, asked)


def test_every_job_that_a_rule_names_is_in_the_timetable() -> None:
    named: set[str] = set()
    for rule in rules():
        for found in re.findall(r'name[=!]~"([^"]+)"', rule["expr"]):
            named.update(found.split("|"))

    assert len(named) > 4
    assert named <= {job.name for job in TIMETABLE}


def test_every_ending_that_somebody_has_to_mend_raises_the_alarm() -> None:
    (rule,) = [rule for rule in rules() if rule["alert"] == "SendingIsRefused"]
    named = re.findall(r'outcome=~"([^"]+)"', rule["expr"])

    assert len(set(named)) == 1
    words = named[0].split("|")
    assert {"sender_id_mismatch", "invalid_payload", "unauthenticated"} <= set(words)
    assert [word for word in words if not is_alarm(word)] == []


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
