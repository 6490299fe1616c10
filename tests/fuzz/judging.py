"""By what every answer to the fuzzer is judged, beside what the fuzzer itself finds in the document."""

from copy import deepcopy
from typing import Any
from uuid import UUID

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode

from api.app import create_app
from api.document import build_document
from api.problems import MEDIA_TYPE
from api.unreadable import LONGEST_LINE
from nachbarschaft.bootstrap import build
from nachbarschaft.config import for_document
from tests.fuzz.world import World

RULED = {
    "signUp": {"quarter", "email"},
    "redeemCode": {"email", "phone"},
    "updateMe": {"home"},
    "putPreferences": {"quiet_until", "paused_until"},
    "putAvailableNow": {"until"},
    "getMeta": {"quarter"},
    "createRequest": {"needed_from", "needed_until", "phone", "place", "public_note"},
    "updateRequest": {"needed_from", "needed_until", "phone", "place", "public_note", "people_needed"},
    "createRequestOnBehalf": {
        "on_behalf_of",
        "consent",
        "needed_from",
        "needed_until",
        "phone",
        "place",
        "public_note",
    },
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
    deepcopy(DOCUMENT),  # the fuzzer writes links of its own into what it is given
    config=SchemathesisConfig.from_dict(
        {
            "checks": {"positive_data_acceptance": {"expected-statuses": ACCEPTED}},
            "phases": {"stateful": {"generation": {"mode": "positive"}}},
        }
    ),
)


def refused_by_a_rule(_context: Any, response: Any, case: Any) -> None:
    """Valid data is refused only for what the document cannot say."""
    if response.status_code != 422 or case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    fields = {name.split(".")[0] for name in response.json()["errors"] if not _is_a_float(case.body, name)}
    known = RULED.get(case.operation.definition.raw["operationId"], set()) | EVERYWHERE
    assert fields <= known, response.json()["errors"]


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


def require_problem_if_too_long(response: Any) -> bool:
    """Whether the server could not even read the call, because of its length: that stands at no operation."""
    if response.status_code not in {414, 431}:
        return False
    longest = len(response.request.path_url) if response.status_code == 414 else len(str(response.request.headers))
    assert longest > LONGEST_LINE - len("OPTIONS  HTTP/1.1"), (response.status_code, longest)
    assert response.headers["Content-Type"] == [MEDIA_TYPE], response.headers
    assert response.json()["code"] == "too_large"
    return True
