"""The document's examples: real answers, one for whatever an operation gives, and none that has gone stale."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.document import document, validator
from tests.api.examples import FILE, tell
from tests.api.storybook import PROBLEM, Names, Page, compiled, examples_in, shape

NO_EXAMPLE = {"getDocument"}
"""Its answer is the document itself."""
TAKES_TWO = {"idempotency_key_in_use"}
"""Only given while another call with the same key runs."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the story gives today."""
    return tell(tmp_path_factory.mktemp("story"))


@pytest.fixture(scope="module")
def recorded() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def shapes(told: dict[str, Any]) -> dict[tuple[str, ...], Any]:
    problems = {("problem", code): shape(value) for code, value in told["problems"].items()}
    return problems | {tuple(where): shape(value) for *where, value in examples_in(told)}


def contents() -> Iterator[tuple[str, str, str, dict[str, Any], str]]:
    """Operation, "takes" or the status, kind, media type object and description of everything that is JSON."""
    for methods in document()["paths"].values():
        for operation in methods.values():
            told = {"takes": operation.get("requestBody", {}), **operation["responses"]}
            for where, each in told.items():
                for kind, content in each.get("content", {}).items():
                    if kind.endswith("json"):
                        yield operation["operationId"], where, kind, content, each.get("description", "")


def values_of(content: dict[str, Any]) -> dict[str, Any]:
    """The examples of a media type object by name, those of the components among them."""
    shared = document()["components"]["examples"]
    given = content.get("examples", {})
    return {name: (shared[name] if "$ref" in each else each)["value"] for name, each in given.items()}


def test_the_file_holds_what_the_story_gives_today(told: dict[str, Any], recorded: dict[str, Any]) -> None:
    assert shapes(recorded) == shapes(told), "write it anew: python -m tests.api.examples"


def test_every_successful_json_answer_and_every_body_with_fields_has_an_example() -> None:
    schemas = document()["components"]["schemas"]
    missing = [
        f"{operation} {where} {kind}"
        for operation, where, kind, content, _ in contents()
        if where < "4" or where == "takes"
        if operation not in NO_EXAMPLE and not values_of(content)
        if where != "takes" or schemas[content["schema"]["$ref"].rpartition("/")[2]].get("properties")
    ]
    assert missing == [], "add a step to tests/api/story/, then: python -m tests.api.examples"


def test_every_refusal_has_an_example_and_every_operation_at_least_one() -> None:
    """Whatever can be given to one caller alone."""
    missing = [
        f"{operation} {where}: {description}"
        for operation, where, kind, content, description in contents()
        if kind == PROBLEM and set(re.findall(r"`([a-z_]+)`:", description)) != TAKES_TWO
        if not values_of(content)
    ]
    assert missing == [], "add a step to tests/api/story/, then: python -m tests.api.examples"
    refusing = {operation for operation, _, kind, content, _ in contents() if kind == PROBLEM and values_of(content)}
    assert refusing == {told["operationId"] for methods in document()["paths"].values() for told in methods.values()}


def test_every_example_fits_its_own_schema() -> None:
    checked = 0
    for operation, where, kind, content, _ in contents():
        for name, value in values_of(content).items():
            found = [error.message for error in validator(json.dumps(content["schema"])).iter_errors(value)]
            assert not found, (operation, where, kind, name, found)
            checked += 1
    assert checked > 300


def test_every_problem_stands_under_its_own_status_and_code() -> None:
    for operation, where, kind, content, _ in contents():
        if kind == PROBLEM:
            for name, value in values_of(content).items():
                assert (str(value["status"]), value["code"]) == (where, name), operation


def test_lists_show_at_least_one_entry(recorded: dict[str, Any]) -> None:
    empty = [where for *where, value in examples_in(recorded) if isinstance(value, dict) and value.get("items") == []]
    assert empty == []


def test_the_faces_of_a_request_are_told_apart(recorded: dict[str, Any]) -> None:
    faces = recorded["operations"]["getRequest"]["gives"]["200"]["application/json"]
    assert faces.keys() >= {"resident", "volunteer", "helper", "coordinator"}
    assert "place" in faces["resident"]["value"]
    assert {"place", "code_word", "helpers"} & faces["volunteer"]["value"].keys() == set()
    assert {"assignment", "code_word"} <= faces["helper"]["value"].keys()


def test_no_token_code_or_real_id_is_in_the_file() -> None:
    text = FILE.read_text(encoding="utf-8")

    assert re.findall(r"eyJ|[A-Za-z0-9_+-]{40,}", text) == []
    assert re.findall(r"(?<![0-9a-f-])[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}(?![0-9a-f-])", text) == []
    assert set(re.findall(r"([0-9a-f]{8}-[0-9a-f]{4})-", text)) <= {"01900000-0000"}


def test_two_stories_differ_in_nothing(told: dict[str, Any], tmp_path: Path) -> None:
    assert json.dumps(tell(tmp_path)) == json.dumps(told)


def test_links_lead_to_operations_that_are_there_from_fields_that_are_given() -> None:
    there = {told["operationId"]: told for methods in document()["paths"].values() for told in methods.values()}
    followed = 0
    for told in there.values():
        for status, response in told["responses"].items():
            for link in response.get("links", {}).values():
                path = {each["name"] for each in there[link["operationId"]]["parameters"] if each["in"] == "path"}
                assert link["parameters"].keys() == path, told["operationId"]
                for expression in link["parameters"].values():
                    value = next(iter(values_of(response["content"]["application/json"]).values()))
                    assert _found(expression, value), (told["operationId"], status, expression)
                    followed += 1
    assert followed > 20


def _found(expression: str, value: Any) -> bool:
    """Whether a runtime expression finds a text in the answer."""
    source, _hash, pointer = expression.partition("#")
    if source.startswith("$request.path."):
        return True
    for part in pointer.split("/")[1:]:
        value = value[int(part)] if part.isdigit() else value[part]
    return source == "$response.body" and isinstance(value, str)


def test_an_answer_that_changed_its_shape_is_found() -> None:
    """The comparison is itself checked."""
    page = Page("getMe", "resident", None, 200, "application/json", {"id": "1", "home": {"lat": 1.0}})
    other = Page("getMe", "resident", None, 200, "application/json", {"id": "1", "home": {"lat": 1.0, "lon": 1.0}})
    assert shapes(compiled([page])) != shapes(compiled([other]))
    assert shapes(compiled([page])) != shapes(compiled([]))


def test_secrets_and_ids_are_replaced_alike_wherever_they_stand() -> None:
    names = Names()
    first, second = "3f2b8c1e-0000-7000-8000-0000000000aa", "3f2b8c1e-0000-7000-8000-0000000000bb"
    told = names.told(
        {"id": second, "link": f"nachbarschaft://asked/{first}", "access_token": "eyJhbGciOi", "next": None}
    )

    assert told["access_token"] == "<access token>"
    assert told["next"] is None
    assert told["link"] == f"nachbarschaft://asked/{names.told(first)}"
    assert told["id"] == names.told(second) != names.told(first)
