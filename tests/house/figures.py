"""The figures that operators' files ask for, against those that a running town tells."""

import re
from collections.abc import Iterable

from models import DeliveryTally
from tests.support.scrape import Scrape
from tests.support.town import Town

_SELECTOR = re.compile(r"(nachbarschaft_\w+)(?:\{([^}]*)\})?")
_GROUPED = re.compile(r"\bby \(([^)]*)\)")


def require_told(town: Town, expressions: Iterable[str]) -> None:
    """Every figure in these PromQL expressions is there, under every label that they choose or group by."""
    found, types = _scraped(town)
    for expression in expressions:
        asked = _SELECTOR.findall(expression)
        assert asked, expression
        for name, labels in asked:
            assert name in found.names or name in types, f"{name} in {expression}"
            assert set(re.findall(r"(\w+)(?==|!=|=~|!~)", labels)) <= found.label_names(), expression
        for labels in _GROUPED.findall(expression):
            assert {label.strip() for label in labels.split(",")} <= found.label_names(), expression


def _scraped(town: Town) -> tuple[Scrape, set[str]]:
    """Of a town in which everything has happened once; the second are names without a sample yet."""
    town.neighbour().ask()
    town.run("send-waves")
    town.call("GET", "/health/live")
    town.call("GET", "/metrics")
    with town.wiring.writing() as context:
        for outcome in ("sent", "unavailable"):
            context.session.merge(DeliveryTally(channel="push", outcome=outcome, count=1, last_at=context.now))
    text = town.call("GET", "/metrics").text
    return Scrape(text), set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
