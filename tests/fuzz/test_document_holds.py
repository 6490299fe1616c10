"""A stranger's fuzzer over every operation of the document, for each role: no surprise, and no nonsense accepted."""

import json
import os
import zlib
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode

from api.app import create_app
from api.document import build_document
from nachbarschaft.bootstrap import build
from nachbarschaft.config import for_document
from tests.fuzz.world import ROLES, ServedWorld, World
from tests.support.databases import Databases

EXAMPLES = int(os.environ.get("NACHBARSCHAFT_TEST_EXAMPLES", "50"))
"""For each operation, beside those that the fuzzer derives from the document's own limits."""
SYSTEM = os.environ.get("NACHBARSCHAFT_TEST_FUZZED", "sqlite")
CALLERS = tuple(os.environ.get("NACHBARSCHAFT_TEST_CALLERS", "anybody").split(","))
"""Roles, each with all the examples; “anybody” spreads them over the roles."""

RULED = {
    "signUp": {"quarter", "email"},
    "redeemCode": {"email", "phone"},
    "updateMe": {"home"},
    "putPreferences": {"quiet_until", "paused_until"},
    "getMeta": {"quarter"},
    "createRequest": {"needed_from", "needed_until", "place", "public_note"},
    "updateRequest": {"needed_from", "needed_until", "place", "public_note", "people_needed"},
    "createRequestOnBehalf": {"on_behalf_of", "consent", "needed_from", "needed_until", "place", "public_note"},
    "getStatistics": {"from", "until"},
    "renewRequest": {"needed_until"},
    "releaseHelper": {"person"},
    "getContact": {"reason"},
    "createOffer": {"place", "adult", "availability"},
    "updateOffer": {"place", "availability", "paused_until"},
    "verifyMember": {"seen_on", "valid_until"},
    "updateSettings": {"contact", "closures", "dispatch"},
}
"""Operation → fields for which there are rules that no schema can say, such as that a quarter has to exist."""
EVERYWHERE = {"after", "Idempotency-Key"}
"""A cursor that no list has given; a key that was used for something else."""
ACCEPTED = ["2xx", "3xx", "401", "403", "404", "409", "412", "422", "428"]
"""For valid data: 422 only for a field of RULED; 412 and 428 because the fuzzer knows no ETag."""
ENDING = {"signOut", "endSession", "changePassword", "removeSecondFactor", "setUpSecondFactor", "confirmSecondFactor"}
"""What may end the caller's sign-in, so that each call has one of its own."""

DOCUMENT = build_document(create_app(build(for_document())))
schema = schemathesis.openapi.from_dict(
    DOCUMENT,
    config=SchemathesisConfig.from_dict({"checks": {"positive_data_acceptance": {"expected-statuses": ACCEPTED}}}),
)


@pytest.fixture(scope="module")
def served(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with ServedWorld(databases, SYSTEM, tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture
def world(served: World) -> Iterator[World]:
    served.renew()
    yield served
    served.end()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("caller", CALLERS)
@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_the_document_holds(case: schemathesis.Case[Any], caller: str, world: World) -> None:
    aim(case, world)
    role = role_of(case) if caller == "anybody" else caller
    name = case.operation.definition.raw["operationId"]
    case.call_and_validate(
        base_url=world.base_url,
        headers=world.headers(role, anew=name in ENDING),
        additional_checks=[refused_by_a_rule],
    )


def refused_by_a_rule(_context: Any, response: Any, case: Any) -> None:
    """Valid data is refused only for what the document cannot say."""
    if response.status_code != 422 or case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    fields = {name.split(".")[0] for name in response.json()["errors"] if not _is_a_float(case.body, name)}
    known = RULED.get(case.operation.definition.raw["operationId"], set()) | EVERYWHERE
    assert fields <= known, response.json()["errors"]


def role_of(case: schemathesis.Case[Any]) -> str:
    """Always the same one for the same call, so that a failure can be repeated."""
    told = json.dumps([case.path, case.query, case.body], default=repr, sort_keys=True)
    return ROLES[zlib.crc32(told.encode()) % len(ROLES)]


def aim(case: schemathesis.Case[Any], world: World) -> None:
    """Most random ids lead nowhere; three of four are exchanged for something that is there."""
    for name, value in (case.path_parameters or {}).items():
        known = world.ids.get(name)
        number = _number_of(value)
        if known and number % 4:
            case.path_parameters[name] = known[number % len(known)]


def _number_of(value: object) -> int:
    """0 for what is no id: a fuzzer's nonsense stays as it is."""
    try:
        return UUID(str(value)).int
    except ValueError:
        return 0


def _is_a_float(body: Any, name: str) -> bool:
    """Whether a field holds 1.0: an integer to JSON Schema, but here nothing is converted."""
    return isinstance(body, dict) and isinstance(body.get(name), float)
