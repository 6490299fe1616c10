"""Whoever calls the coordinator or comes to the desk, and what is then taken down."""

from typing import Any

from tests.support.town import Neighbour, Town

PATH = "/v1/quarters/blumenthal/requests"
ADDRESS = "Unverwechselbarweg 8, 44649 Herne"
WHO = {"name": "Hedwig Zaunkönig", "phone": "02323 918273", "address": ADDRESS, "language": "de"}
PHONE = "+492323918273"


def told(town: Town, *, who: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """What a coordinator takes down; what is not said is: Hedwig called an hour ago and wants shopping done."""
    return {
        "on_behalf_of": WHO | (who or {}),
        "consent": {"given_at": town.in_hours(-1), "text_version": "2026-05"},
        "channel": "phone",
        "category": "shopping",
        "needed_from": town.in_hours(1),
        "needed_until": town.in_hours(9),
    } | more


def take_down(boss: Neighbour, *, who: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    answer = boss.post(PATH, told(boss.town, who=who, **more))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json
    return found
