"""A stranger's walks along the links of the document: what one call answers, the next one is called with."""

import os
from contextlib import suppress
from typing import Any, ClassVar

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import FlakyStrategyDefinition
from schemathesis.core.failures import FailureGroup

from tests.conftest import BOTH
from tests.fuzz.judging import ENDING, refused_by_a_rule, require_problem_if_too_long, schema
from tests.fuzz.world import ROLES, ServedWorld, World
from tests.support.databases import Databases
from tests.support.served import asking

WALKS = int(os.environ.get("NACHBARSCHAFT_TEST_WALKS", "64"))
LINKS_AT_LEAST = 8
"""Links that have led to a 2xx; if fewer did, it is not the product's links that were walked along."""
STEPS = 12
USUAL = {"Helping": "volunteer", "Coordination": "coordinator"}
"""Tag → who calls its operations three times of four; else the resident. Every fourth call is somebody else's."""
SENSIBLE: dict[str, dict[str, Any]] = {
    "createOffer": {"adult": True, "availability": []},
    "updateOffer": {"availability": []},
    "verifyMember": {"level": "known", "seen_on": "2026-06-09"},
}
"""Operation → what an app would send there, and no schema can say."""
LEFT_OUT: dict[str, set[str]] = {
    "createRequest": {"public_note", "languages", "phone"},
    "createOffer": {"place"},
    "renewRequest": {"needed_until"},
    "updateOffer": {"place", "paused_until"},
    "updateRequest": {"public_note", "place", "needed_from", "needed_until", "people_needed"},
    "verifyMember": {"valid_until"},
}
Machine: Any = schema.as_state_machine()


class Walk(Machine):  # type: ignore[misc]  # made at run time
    """One walk through a world that is as good as new."""

    world: ClassVar[World]
    led: ClassVar[set[str]]
    """The links whose target answered with 2xx."""
    found: ClassVar[list[FailureGroup]]

    def setup(self) -> None:
        self.number = 0
        self.world.renew()

    def teardown(self) -> None:
        self.world.end()

    def before_call(self, case: schemathesis.Case[Any]) -> None:
        self.number += 1
        if self.number % 5:
            make_sensible(case, self.world)

    def get_call_kwargs(self, case: schemathesis.Case[Any]) -> dict[str, Any]:
        raw = case.operation.definition.raw
        role = USUAL.get(raw["tags"][0], "resident")
        if self.number % 4 == 0:
            role = ROLES[self.number // 4 % len(ROLES)]
        return {
            "base_url": self.world.base_url,
            "headers": self.world.headers(role, anew=raw["operationId"] in ENDING),
        }

    def step(self, input: Any) -> Any:  # noqa: A002 - the fuzzer's name for it
        output = super().step(input)
        if input.transition is not None and input.is_applied and output.response.status_code < 300:
            self.led.add(input.transition.id)
        return output

    def validate_response(self, response: Any, case: Any, additional_checks: Any = None, **kwargs: Any) -> None:
        if require_problem_if_too_long(response):
            return
        try:
            super().validate_response(response, case, [refused_by_a_rule], **kwargs)
        except FailureGroup as found:
            self.found.append(found)
            raise


def make_sensible(case: schemathesis.Case[Any], world: World) -> None:
    """Follows the rules that no schema can say: an app knows them, and else no walk would lead anywhere."""
    name = case.operation.definition.raw["operationId"]
    if isinstance(case.body, dict):
        case.body |= asking(world.town) if name == "createRequest" else SENSIBLE.get(name, {})
        for field in LEFT_OUT.get(name, set()) & case.body.keys():
            del case.body[field]
        if not case.body and name == "updateRequest":
            case.body["private_note"] = "Please ring twice"
    for conditional in ("If-None-Match", "Idempotency-Key"):
        case.headers.pop(conditional, None)
    if case.method == "PATCH":
        case.headers["If-Match"] = "*"


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("system", BOTH)
def test_walks_along_links_meet_no_surprise(
    databases: Databases, system: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with ServedWorld(databases, system, tmp_path_factory.mktemp("walks")) as world:
        Walk.world, Walk.led, Walk.found = world, set(), []
        for number in range(WALKS // 2):
            # What is drawn depends on the ids that were answered, which no second try can repeat.
            with suppress(FlakyStrategyDefinition):
                hypothesis.seed(number)(Walk).run(settings=_few())
            assert Walk.found == []
    assert len(Walk.led) >= LINKS_AT_LEAST, Walk.led


def _few() -> settings:
    """Two examples: of more, the later ones vary the earlier, which cannot be repeated: ids are new in each walk."""
    return settings(
        max_examples=2,
        stateful_step_count=STEPS,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
