"""A stranger's fuzzer over every operation of the document, for each role: no surprise, and no nonsense accepted."""

import os
from collections.abc import Iterator
from math import ceil
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from tests.fuzz.judging import ENDING, aim, refused_by_a_rule, require_problem_if_too_long, schema
from tests.fuzz.world import ROLES, ServedWorld, World
from tests.support.databases import Databases

EXAMPLES = int(os.environ.get("NACHBARSCHAFT_TEST_EXAMPLES", "50"))
"""For each operation, shared out among the roles, beside those that the fuzzer derives from the document's limits."""
SYSTEM = os.environ.get("NACHBARSCHAFT_TEST_FUZZED", "sqlite")


@pytest.fixture(scope="module")
def served(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with ServedWorld(databases, SYSTEM, tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture
def world(served: World) -> Iterator[World]:
    served.renew()
    yield served
    served.end()


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("role", ROLES)
@schema.parametrize()
@settings(
    max_examples=ceil(EXAMPLES / len(ROLES)), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
def test_the_document_holds(case: schemathesis.Case[Any], role: str, world: World) -> None:
    aim(case, world)
    name = case.operation.definition.raw["operationId"]
    transport: dict[str, Any] = {"base_url": world.base_url, "headers": world.headers(role, anew=name in ENDING)}
    response = case.call(**transport)
    if not require_problem_if_too_long(response):
        case.validate_response(response, additional_checks=[refused_by_a_rule], transport_kwargs=transport)
