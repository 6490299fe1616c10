"""Whatever column of the data map tells of a person, it is filled with a canary, and gone once they are erased."""

from collections.abc import Iterator
from itertools import count

from sqlalchemy import JSON, CheckConstraint, Column, LargeBinary, String, select, update

from models import Base
from models.data_map import DATA_MAP, OWNED_BY, Personal
from nachbarschaft.queries.export import is_owned
from tests.api.test_erasing import dump, erase, in_every_field
from tests.api.test_privacy import PASSWORD, live_through
from tests.support.town import Neighbour, Town

KEPT = {
    ("help_request", "category"): "counts of help by kind",
    ("event", "kind"): "the audit trail, which nobody changes; it names a key that leads nowhere",
    ("event", "data"): "the same",
}
"""What stays of somebody who is gone, and why; none of it says who they were."""

NOT_HERE = {("person", "password_hash"), ("intake", "consent_text_version")}
"""They sign in with the one; nobody took a request down for them, which is the other."""


def fillable() -> Iterator[tuple[str, Column[object]]]:
    """The personal columns that can hold a canary: not a key of another row, not one of a few fixed words."""
    for name in OWNED_BY:
        table = Base.metadata.tables[name]
        rules = " ".join(str(rule.sqltext) for rule in table.constraints if isinstance(rule, CheckConstraint))
        for column in table.columns:
            told = DATA_MAP[name][column.name].personal != Personal.NONE
            takes = isinstance(column.type, String | JSON | LargeBinary)
            if told and takes and not column.foreign_keys and column.name not in rules.split():
                yield name, column


def plant(town: Town, people: list[Neighbour]) -> dict[tuple[str, str], str]:
    """A canary of its own in each such column of one row of theirs, where they have one."""
    planted: dict[tuple[str, str], str] = {}
    numbers = count(1)
    for name, column in fillable():
        table = column.table
        keys = list(table.primary_key)
        for person in people:
            with town.wiring.writing() as context:
                row = context.session.execute(select(*keys).where(is_owned(Base.metadata.tables[name], person.uuid)))
                first = row.first()
                if first is None or (name, column.name) in planted:
                    continue
                canary = f"q{next(numbers):03d}z"
                where = [key == value for key, value in zip(keys, first, strict=True)]
                context.session.execute(update(table).where(*where).values({column: _as_fits(column, canary)}))
                planted[name, column.name] = canary
    return planted


def _as_fits(column: Column[object], canary: str) -> object:
    if isinstance(column.type, JSON):
        return [canary]
    return canary.encode() if isinstance(column.type, LargeBinary) else canary


def left(url: str, planted: dict[tuple[str, str], str]) -> set[tuple[str, str]]:
    whole = dump(url)
    return {
        where
        for where, canary in planted.items()
        if canary in whole or canary.encode().hex() in whole or canary.encode().hex().upper() in whole
    }


def test_no_personal_field_that_was_filled_outlives_its_person(town: Town) -> None:
    scene = live_through(town)
    in_every_field(scene)
    scene.helper.offer()
    assert scene.owner.put("/v1/me/preferences", {"channels": {"news": ["mail"]}}).status_code == 200
    people = [scene.owner, scene.helper]
    hashes = {person.id: _hash_of(town, person) for person in people}
    planted = plant(town, people)
    for person in people:
        # What signs them in is theirs again; all else stays filled.
        town.change_person(person, password_hash=hashes[person.id])
    planted.pop(("person", "password_hash"))
    url = town.wiring.settings.database_url
    assert len(planted) > 50
    assert {(name, column.name) for name, column in fillable()} - set(planted) == NOT_HERE
    assert left(url, planted) == set(planted)

    for person in people:
        erase(person, PASSWORD)

    assert left(url, planted) == planted.keys() & KEPT.keys()


def _hash_of(town: Town, person: Neighbour) -> str:
    table = Base.metadata.tables["person"]
    with town.wiring.reading() as context:
        return str(context.session.scalar(select(table.c.password_hash).where(table.c.id == person.uuid)))
