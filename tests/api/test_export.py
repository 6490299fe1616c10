"""What people are given of their own data: all of it, by the data map, and nothing about anybody else."""

import json
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from models import Base, Person
from models.data_map import DATA_MAP, OWNED_BY, Personal
from nachbarschaft.context import Actor
from nachbarschaft.queries.export import export_me, exported_name
from tests.api.test_privacy import (
    EMAILS,
    HELPER_NAME,
    HOME,
    MARKS,
    NAME,
    PLACE,
    PRIVATE_NOTE,
    PUBLIC_NOTE,
    Scene,
    live_through,
    marks_in,
)
from tests.models.test_migrations import fill
from tests.support.databases import Databases
from tests.support.town import Neighbour, Town

NOT_A_PERSONS = {"quarter_settings"}
"""The office's contact, for everybody to see."""


def exported(neighbour: Neighbour) -> dict[str, Any]:
    answer = neighbour.get("/v1/me/export")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    document: dict[str, Any] = answer.json
    return document


@pytest.fixture
def scene(town: Town) -> Scene:
    return live_through(town)


def test_every_table_that_tells_of_people_leads_to_them() -> None:
    telling = {
        table for table, columns in DATA_MAP.items() if any(use.personal != Personal.NONE for use in columns.values())
    }

    assert telling - NOT_A_PERSONS == set(OWNED_BY)


def test_what_is_withheld_says_why_and_is_nobodys_own_words_or_place() -> None:
    withheld = [
        (table, column, use) for table, columns in DATA_MAP.items() for column, use in columns.items() if use.withheld
    ]

    assert len(withheld) > 10
    assert [(table, column) for table, column, use in withheld if use.personal == Personal.NONE] == []
    loud = {Personal.CONTENT, Personal.LOCATION, Personal.CONTACT}
    assert {(table, column) for table, column, use in withheld if use.personal in loud} == {
        ("device", "address"),
        ("stored_answer", "body"),
    }


def test_every_column_that_the_map_exports_is_in_the_document(town: Town) -> None:
    """There is a row in every table; what people get together has every column of each."""
    fill(town)
    with town.wiring.reading() as context:
        people = context.session.scalars(select(Person.id)).all()
        documents = [export_me(replace(context, actor=Actor(person))) for person in people]

    for table in OWNED_BY:
        wanted = {exported_name(column) for column, use in DATA_MAP[table].items() if use.is_exported}
        rows = list(chain.from_iterable(document["data"][table] for document in documents))
        assert rows != [], table
        assert {frozenset(row) for row in rows} == {frozenset(wanted)}, table
        told = [document["meaning"][table] for document in documents if document["data"][table]]
        assert all(set(meaning) == wanted for meaning in told), table
    assert {table.name for table in Base.metadata.sorted_tables} >= set(OWNED_BY)


def test_i_get_my_words_places_and_addresses_and_who_looked(scene: Scene) -> None:
    document = exported(scene.owner)

    whole = json.dumps(document, ensure_ascii=False)
    for mine in (NAME, EMAILS[0], HOME["address"], PLACE["address"], PRIVATE_NOTE, PUBLIC_NOTE, "+4923239182736"):
        assert mine in whole, mine
    [look] = document["looks"]
    assert (look["by"], look["role"], look["request"]) == (HELPER_NAME, "volunteer", scene.request["id"])
    [help_received] = document["help_received"]
    assert (help_received["request_id"], help_received["state"]) == (scene.request["id"], "active")
    assert document["data"]["person"][0]["quarter"] == "blumenthal"
    assert document["meaning"]["help_request"]["private_note"]["kept"] == "30 days after the request has ended"


def test_nobody_else_stands_in_it_but_the_name_of_who_looked(scene: Scene) -> None:
    helpers, owners = (exported(person) for person in (scene.helper, scene.owner))

    about_the_owner = set(MARKS) - {"Goldhamster", "goldhamster", "geräteadresse"}
    assert marks_in(json.dumps(helpers)) & about_the_owner <= {"51.5301357", "7.1552468", "301357", "552468"}
    assert scene.owner.id not in json.dumps(helpers)
    looks = owners.pop("looks")
    assert HELPER_NAME in str(looks)
    assert "oldhamster" not in json.dumps(owners)
    everybody = [scene.helper, *scene.others.values()]
    assert [each.id for each in everybody if each.id in json.dumps(owners)] == []


def test_nothing_in_it_opens_an_account(scene: Scene) -> None:
    scene.owner.set_up_second_factor()

    whole = exported(scene.owner)

    assert marks_in(json.dumps(whole, ensure_ascii=False)) & {"geräteadresse", "geheime Markierung"} == set()
    assert "argon2" not in json.dumps(whole)
    assert not any(secret in json.dumps(whole) for secret in (scene.owner.session["refresh_token"], scene.owner.token))


def test_an_export_is_given_ten_times_an_hour(databases: Databases, tmp_path: Path) -> None:
    with databases.fresh("sqlite") as url, Town(url, tmp_path, rate_limits="on") as town:
        greedy, other = town.neighbour(), town.neighbour()
        assert [greedy.get("/v1/me/export").status_code for _time in range(11)] == [200] * 10 + [429]
        assert greedy.get("/v1/me").status_code == 200
        assert other.get("/v1/me/export").status_code == 200
