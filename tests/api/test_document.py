"""The OpenAPI document: valid, complete, named as the contract names things, and true of the live answers."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from openapi_spec_validator import OpenAPIV31SpecValidator

from api.commands import openapi
from api.endpoint import Operation, Who
from nachbarschaft.services.codes import issue_code
from tests.api.contract import ADDED, LATER, MAIN_JOB
from tests.api.document import document, hold_to_document, openapi_path
from tests.support.town import PASSWORD, Reply, Town

SLUG, PERSON = "blumenthal", "00000000-0000-7000-8000-000000000000"


def routes_in(paths: dict[str, Any]) -> set[tuple[str, str]]:
    return {(path, method.upper()) for path, methods in paths.items() for method in methods}


def flat(routes: Any) -> set[tuple[str, str]]:
    return {(path, method) for path, methods in routes.items() for method in methods}


def without_names(routes: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """What stands in braces is ours to name."""
    return {(re.sub(r"\{\w+\}", "{}", path), method) for path, method in routes}


@pytest.fixture
def operations(small_town: Town) -> list[Operation]:
    views = small_town.app.view_functions
    return [vars(views[rule.endpoint])["operation"] for rule in small_town.app.url_map.iter_rules()]


def described(operations: list[Operation]) -> Iterator[tuple[Operation, dict[str, Any]]]:
    for operation in operations:
        yield operation, document()["paths"][openapi_path(operation)][operation.method.lower()]


def test_the_document_is_valid_openapi_3_1() -> None:
    OpenAPIV31SpecValidator(document()).validate()
    assert document()["openapi"].startswith("3.1.")


def test_the_command_and_the_route_give_the_same_document(small_town: Town) -> None:
    printed = CliRunner().invoke(openapi)

    assert printed.exit_code == 0
    assert json.loads(printed.stdout) == small_town.call("GET", "/openapi.json").json == document()


def test_the_document_holds_every_route_and_no_other(operations: list[Operation]) -> None:
    assert routes_in(document()["paths"]) == {(openapi_path(found), found.method) for found in operations}


def test_the_main_job_is_there_under_the_names_of_the_contract() -> None:
    assert flat(MAIN_JOB) - routes_in(document()["paths"]) == set()


def test_nothing_is_there_that_the_contract_does_not_name() -> None:
    promised = without_names(flat(MAIN_JOB) | flat(LATER) | flat(ADDED))
    assert without_names(routes_in(document()["paths"])) - promised == set()


def test_what_is_not_built_yet_is_refused(small_town: Town) -> None:
    there = without_names(routes_in(document()["paths"]))
    neighbour = small_town.volunteer()
    for path, method in flat(LATER):
        if next(iter(without_names({(path, method)}))) in there:
            continue
        call = path.replace("{slug}", SLUG).replace("{id}", PERSON).replace("{person}", PERSON)
        refused = small_town.call(method, call, {} if method != "GET" else None, token=neighbour.token)
        assert refused.status_code in {404, 405}, (method, path)


def test_fields_and_parameters_that_are_not_built_yet_are_refused_too(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    schemas = document()["components"]["schemas"]
    body = {"category": "shopping", "needed_from": small_town.in_hours(1), "needed_until": small_town.in_hours(2)}
    for schema, field, reply in (
        (
            "SignIn",
            "otp",
            small_town.call("POST", "/v1/auth/sign-in", {"login": "a", "password": "b", "otp": "1"}),
        ),
        ("NewRequest", "repeats", neighbour.post("/v1/requests", body | {"repeats": "weekly"})),
        ("PersonChange", "email", neighbour.patch("/v1/me", {"email": "new@example.org"}, If_Match="*")),
        ("PersonChange", "phone", neighbour.patch("/v1/me", {"phone": "+49 2323 1234"}, If_Match="*")),
    ):
        if field not in schemas[schema]["properties"]:
            assert reply.status_code == 422, field
            assert field in reply.json["errors"]
    listing = document()["paths"]["/v1/requests"]["get"]["parameters"]
    if "fits" not in {parameter["name"] for parameter in listing}:
        assert neighbour.get("/v1/requests?fits=me").status_code == 422


def test_every_operation_says_what_it_is(operations: list[Operation]) -> None:
    tags = {tag["name"] for tag in document()["tags"]}
    for operation, told in described(operations):
        assert re.fullmatch(r"[a-z][A-Za-z]+", told["operationId"])
        assert set(told["tags"]) <= tags
        assert len(told["tags"]) == 1
        assert len(told["summary"]) > 5, operation.name
    names = [told["operationId"] for _, told in described(operations)]
    assert len(names) == len(set(names))


def test_every_operation_declares_what_it_can_refuse(operations: list[Operation]) -> None:
    for operation, told in described(operations):
        declared = set(told["responses"])
        wanted = {"422", "503"}
        wanted |= {"401"} if operation.who == Who.SIGNED_IN else set()
        wanted |= {"400", "413", "415"} if operation.has_body else set()
        wanted |= {"412", "428"} if operation.method == "PATCH" else set()
        wanted |= {"404"} if "{id}" in openapi_path(operation) else set()
        assert wanted <= declared, (operation.name, wanted - declared)
        assert any(status.startswith("2") for status in declared), operation.name
        assert told["security"] == ([{"bearer": []}] if operation.who == Who.SIGNED_IN else [])


def test_every_refusal_is_the_one_problem(operations: list[Operation]) -> None:
    problem = {"$ref": "#/components/schemas/Problem"}
    for operation, told in described(operations):
        for status, response in told["responses"].items():
            if status >= "400" and not (operation.name == "getReadiness" and status == "503"):
                content = response["content"]
                assert {kind: each["schema"] for kind, each in content.items()} == {
                    "application/problem+json": problem
                }, (operation.name, status)
    assert [name for name in document()["components"]["schemas"] if "roblem" in name] == ["Problem"]


def test_single_resources_promise_a_tag_and_a_304(operations: list[Operation]) -> None:
    for operation, told in described(operations):
        single = (">", "/me", "/preferences", "/dispatch", "/settings", "/meta")
        is_a_page = operation.gives is None
        is_single = operation.method == "GET" and operation.rule.endswith(single) and not is_a_page
        assert ("304" in told["responses"]) == is_single, operation.name
        if is_single:
            assert "ETag" in told["responses"]["200"]["headers"], operation.name
        given = {parameter["name"] for parameter in told["parameters"] if parameter["in"] == "header"}
        assert ("If-None-Match" in given) == is_single, operation.name
        assert ("If-Match" in given) == (operation.method == "PATCH"), operation.name


def test_every_list_has_items_a_cursor_and_bounds(operations: list[Operation]) -> None:
    pages = 0
    for operation, told in described(operations):
        if operation.gives is None or "items" not in operation.gives().fields:
            continue
        pages += 1
        by_name = {parameter["name"]: parameter for parameter in told["parameters"]}
        limit = by_name["limit"]["schema"]
        assert (limit["minimum"], limit["maximum"], limit["default"]) == (1, 100, 20), operation.name
        assert "after" in by_name, operation.name
        schema = document()["components"]["schemas"][
            told["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        ]
        assert set(schema["required"]) == {"items", "next"}, operation.name
    assert pages >= 6


def test_every_field_that_is_taken_has_its_bounds() -> None:
    """Every text has a longest length, a pattern or a list of choices; every number two bounds; every list a length."""
    taken = {
        name
        for methods in document()["paths"].values()
        for told in methods.values()
        if "requestBody" in told
        for kind in told["requestBody"]["content"].values()
        for name in [kind["schema"]["$ref"].rpartition("/")[2]]
    }
    loose = [
        f"{name}.{field}"
        for name in taken
        for field, schema in document()["components"]["schemas"][name].get("properties", {}).items()
        if not _is_bounded(schema)
    ]
    assert loose == []


def _is_bounded(schema: dict[str, Any]) -> bool:
    kinds = schema.get("type", [])
    if "string" in kinds:
        return bool(schema.keys() & {"maxLength", "pattern", "enum", "format"})
    if {"integer", "number"} & set([kinds] if isinstance(kinds, str) else kinds):
        return "minimum" in schema and "maximum" in schema
    if "array" in kinds:
        return "maxItems" in schema or "enum" in schema["items"] or "$ref" in schema["items"]
    return True


def test_an_answer_that_the_document_does_not_promise_is_found(small_town: Town) -> None:
    """The check that every test in this folder runs under is itself checked."""
    neighbour = small_town.neighbour()
    good = neighbour.get("/v1/me")
    for bad in (
        replace(good, status_code=204),
        replace(good, status_code=500),
        replace(good, text=json.dumps(good.json | {"id": "1"})),
        replace(good, text=json.dumps(good.json | {"roles": "resident"})),
        replace(good, text=json.dumps({key: value for key, value in good.json.items() if key != "name"})),
        replace(good, text=json.dumps(good.json | {"seen_at": "2026-06-10T10:00:00+00:00"})),
        Reply(200, neighbour.get("/nowhere").headers, good.text),
    ):
        with pytest.raises(AssertionError):
            hold_to_document(small_town.app, "GET", "/v1/me", bad)


def test_the_main_flow_answers_as_the_document_promises(small_town: Town) -> None:
    """Every route of the main job is called once, successfully; what it answers is held against its schema."""
    called: set[tuple[str, str]] = set()
    town = small_town
    plain = town.call

    def noting(method: str, path: str, body: Any = None, **more: Any) -> Reply:
        reply = plain(method, path, body, **more)
        rule = next(
            (rule for rule in MAIN_JOB if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", rule), path.partition("?")[0])), path
        )
        bare = path.partition("?")[0]
        rule = bare if bare in MAIN_JOB else rule
        called.add((rule, method)) if reply.status_code < 300 else None
        return reply

    town.call = noting  # type: ignore[method-assign]  # this one town notes what is called
    _live_a_day(town)

    missing = flat(MAIN_JOB) - called
    assert missing == set()


def _live_a_day(town: Town) -> None:
    helper, other, asker = town.volunteer(), town.volunteer(), town.neighbour()
    coordinator = town.neighbour()
    for path in ("/health/live", "/health/ready", "/openapi.json", "/docs", "/v1/quarters", "/v1/quarters/blumenthal"):
        assert town.call("GET", path).status_code == 200
    assert town.call("GET", "/v1/quarters/locate?lat=51.53&lon=7.156").status_code == 200
    signed_in = town.call("POST", "/v1/auth/sign-in", {"login": asker.email, "password": PASSWORD})
    town.call("POST", "/v1/auth/refresh", {"refresh_token": signed_in.json["session"]["refresh_token"]})
    _redeem(town, coordinator.id)
    home = {"lat": 51.53, "lon": 7.156, "address": "Wilhelmstraße 5, 44649 Herne"}
    assert asker.patch("/v1/me", {"home": home, "language": "en"}, If_Match="*").status_code == 200
    asker.get("/v1/me")
    asker.get("/v1/me/preferences")
    asker.put("/v1/me/preferences", {"quiet_from": None, "quiet_until": None, "channels": {"news": []}})

    request = asker.ask(people_needed=2, private_note="Klingel klemmt", phone="02323 1", languages=["tr"])
    path = f"/v1/requests/{request['id']}"
    assert asker.patch(path, {"public_note": "Bitte vor dem Mittag"}, If_Match="*").status_code == 200
    assert other.act(request, "standby").status_code == 204
    assert other.act(request, "decline").status_code == 204
    assert helper.act(request, "accept").status_code == 201
    assert helper.act(request, "contact").status_code == 200
    for reader in (helper, asker):
        reader.read(request)
        reader.get("/v1/requests")
        reader.get("/v1/invitations")
        reader.get("/v1/me/notifications")
    asker.get(f"{path}/views")
    asker.get(f"{path}/dispatch")
    entry = asker.inbox()[0]
    assert asker.get(f"/v1/me/notifications/{entry['id']}").status_code == 200
    assert asker.post(f"/v1/me/notifications/{entry['id']}/read").status_code == 204
    assert helper.act(request, "withdraw").status_code == 200
    assert helper.act(request, "accept").status_code == 201
    assert asker.act(request, "release", {"person": helper.id, "reason": "Doch nicht nötig"}).status_code == 200
    assert helper.act(request, "accept").status_code == 201
    assert asker.act(request, "still-needed").status_code == 200
    town.clock.forward(minutes=1)
    assert asker.act(request, "done", {"minutes": 30, "expenses_cents": 250}).status_code == 200
    assert asker.act(request, "undo").status_code == 200
    assert asker.act(request, "cancel").status_code == 200

    offer = helper.get("/v1/offers").json["items"][0]
    assert helper.get(f"/v1/offers/{offer['id']}").status_code == 200
    pause = {"paused_until": town.in_hours(5)}
    assert helper.patch(f"/v1/offers/{offer['id']}", pause, If_Match="*").status_code == 200
    assert helper.delete(f"/v1/offers/{offer['id']}").status_code == 204
    assert helper.delete("/v1/me/devices/installation-1").status_code == 204
    assert helper.post("/v1/auth/sign-out").status_code == 204


def _redeem(town: Town, person: str) -> None:
    with town.wiring.writing() as context:
        code = issue_code(context, UUID(person), "operator")
    town.call("POST", "/v1/auth/codes/redeem", {"code": code, "password": PASSWORD})


class _Page(HTMLParser):
    """What a browser would load, follow and run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.handlers: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.handlers += [name] if name.startswith("on") else []
            self.ids += [value or ""] if name == "id" else []
            self.links += [value or ""] if name in {"href", "src", "srcset", "action", "data", "poster"} else []

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_reference_opens_without_scripts_and_without_any_other_address(small_town: Town) -> None:
    reply = small_town.call("GET", "/docs")
    page = _Page(reply.text)

    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert not {"script", "iframe", "object", "embed", "base", "img", "link", "form"} & set(page.tags)
    assert page.handlers == []
    assert [link for link in page.links if not link.startswith("#")] == ["/openapi.json"]
    assert "url(" not in reply.text
    assert "@import" not in reply.text
    policy = reply.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "script" not in policy


def test_the_reference_shows_every_operation_and_schema_and_every_link_leads_somewhere(small_town: Town) -> None:
    page = _Page(small_town.call("GET", "/docs").text)
    operations = {told["operationId"] for methods in document()["paths"].values() for told in methods.values()}
    schemas = {f"schema-{name}" for name in document()["components"]["schemas"]}

    assert len(page.ids) == len(set(page.ids)), "ids are unique"
    assert operations | schemas <= set(page.ids)
    assert {link.removeprefix("#") for link in page.links if link.startswith("#")} <= set(page.ids)
    for path in document()["paths"]:
        assert path in page.text
