"""The document as somebody reads it who builds an app on it, and as their generator does."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.api.document import document

REF = "#/components/schemas/"
Schema = dict[str, Any]
VERBS = frozenset(
    {
        "accept",
        "ask",
        "cancel",
        "change",
        "confirm",
        "create",
        "decline",
        "delete",
        "end",
        "finish",
        "get",
        "list",
        "locate",
        "put",
        "read",
        "redeem",
        "refresh",
        "release",
        "remove",
        "renew",
        "set",
        "sign",
        "stand",
        "stop",
        "undo",
        "update",
        "verify",
        "withdraw",
    }
)
"""What operations begin with; a new one may need a new word here, but not a noun."""


def operations() -> Iterator[dict[str, Any]]:
    for methods in document()["paths"].values():
        yield from methods.values()


def schemas() -> dict[str, Schema]:
    found: dict[str, Schema] = document()["components"]["schemas"]
    return found


def parts(value: Any) -> Iterator[Schema]:
    """Every schema object inside a value."""
    if isinstance(value, list):
        for inner in value:
            yield from parts(inner)
    elif isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from parts(inner)


def reached(start: list[Schema]) -> set[str]:
    """The names of all schemas that these lead to."""
    found: set[str] = set()
    waiting = [part["$ref"] for each in start for part in parts(each) if "$ref" in part]
    while waiting:
        name = waiting.pop().removeprefix(REF)
        if name not in found:
            found.add(name)
            waiting += [part["$ref"] for part in parts(schemas()[name]) if "$ref" in part]
    return found


def taken() -> set[str]:
    return reached([each["schema"] for told in operations() for each in _contents(told.get("requestBody", {}))])


def given() -> set[str]:
    return reached(
        [
            each["schema"]
            for told in operations()
            for response in told["responses"].values()
            for each in _contents(response)
        ]
    )


def _contents(told: dict[str, Any]) -> list[dict[str, Any]]:
    return list(told.get("content", {}).values())


def test_names_are_those_of_things_and_none_had_to_be_numbered() -> None:
    odd = [
        name for name in schemas() if not re.fullmatch(r"([A-Z][a-z]+)+", name) or name.endswith(("Taken", "Schema"))
    ]
    assert odd == []


def test_no_choice_stands_in_two_places_without_a_name() -> None:
    inline = Counter(
        tuple(part["enum"])
        for name, schema in schemas().items()
        if "enum" not in schema
        for part in parts(schema)
        if isinstance(part.get("enum"), list)
    )
    inline.update(
        tuple(parameter["schema"]["enum"])
        for told in operations()
        for parameter in told["parameters"]
        if "enum" in parameter["schema"]
    )
    assert {choices: count for choices, count in inline.items() if count > 1} == {}


def test_what_is_taken_refuses_unknown_fields_and_what_is_given_tolerates_new_ones_and_new_values() -> None:
    assert [name for name in taken() if schemas()[name].get("additionalProperties") not in {False, None}] == []
    assert [
        name for name in taken() if "properties" in schemas()[name] and "additionalProperties" not in schemas()[name]
    ] == []
    for name in given():
        assert "additionalProperties" not in schemas()[name], name
        assert [part for part in parts(schemas()[name]) if "enum" in part or "const" in part] == [], name
    assert taken() & given() == set()


def test_every_object_has_fields_so_that_no_type_is_empty() -> None:
    empty = [
        name
        for name, schema in schemas().items()
        for part in parts(schema)
        if part.get("type") == "object" and not part.get("properties") and not part.get("additionalProperties")
    ]
    assert empty == ["Nothing"]


def test_what_is_not_plain_is_explained() -> None:
    """A number has a unit, null has a meaning, an amount is of something: the name alone seldom says which."""
    silent = [
        f"{name}.{field}"
        for name, schema in schemas().items()
        for field, told in schema.get("properties", {}).items()
        if not told.get("description") and _needs_words(told)
    ]
    assert silent == []


def test_every_parameter_is_explained() -> None:
    silent = [
        (told["operationId"], parameter["name"])
        for told in operations()
        for parameter in told["parameters"]
        if not parameter.get("description")
    ]
    assert silent == []


def _needs_words(told: Schema) -> bool:
    kinds = told.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    return bool({"integer", "number", "boolean", "null"} & set(kinds)) or "anyOf" in told


def test_a_summary_is_one_sentence() -> None:
    for told in operations():
        assert len(told["summary"]) <= 120, told["operationId"]
        assert ". " not in told["summary"], told["operationId"]
        assert "\n" not in told["summary"], told["operationId"]


def test_names_of_operations_make_good_methods() -> None:
    for told in operations():
        verb = re.match(r"[a-z]+", told["operationId"])
        assert verb is not None
        assert verb[0] in VERBS, told["operationId"]
        assert len(told["operationId"]) <= 30, told["operationId"]


def test_whoever_has_to_wait_is_told_how_long() -> None:
    for told in operations():
        for status in {"429", "503"} & told["responses"].keys():
            response = told["responses"][status]
            if "application/problem+json" in response["content"]:
                assert "Retry-After" in response["headers"], (told["operationId"], status)


def test_there_is_one_problem_and_it_has_what_rfc_9457_and_the_contract_say() -> None:
    wanted = ("type", "title", "status", "detail", "instance", "code", "errors", "trace_id")
    assert set(schemas()["Problem"]["properties"]) == set(wanted)
    assert [name for name in schemas() if "roblem" in name] == ["Problem"]


def test_tags_stand_in_the_order_in_which_an_app_is_built() -> None:
    tags = [tag["name"] for tag in document()["tags"]]
    assert tags[:2] == ["Sign-in", "Me"]
    assert tags[-1] == "Operations"
    assert set(tags) == {tag for told in operations() for tag in told["tags"]}
