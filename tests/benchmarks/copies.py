"""Makes a small city large: every volunteer many times over, by the database itself."""

from dataclasses import dataclass

from tests.benchmarks.raw import Raw

_ID = "CAST(md5(CAST({column} AS text) || '/' || n) AS uuid)"
"""The key of the n-th copy; so whatever points at a copied row points at the copy of that number."""


_SHIFT = 37
"""By so many people the past moves on from copy to copy: else a hundred people at one place would be worth the same."""
_SOURCE = "{table} t CROSS JOIN generate_series(1, {last}) n"
_VOLUNTEERS_SOURCE = "{table} t JOIN bench_rank r ON r.id = t.id CROSS JOIN generate_series(1, {last}) n"
_OTHERS_SOURCE = (
    "{table} t JOIN bench_rank r ON r.id = t.person_id CROSS JOIN generate_series(1, {last}) n "
    "JOIN bench_rank other ON other.rank = mod(r.rank + {shift} * n, {people})"
)
_AS_OTHERS_SOURCE = (
    "{table} t JOIN bench_rank r ON r.id = t.person_id CROSS JOIN generate_series(1, {last}) n "
    "JOIN bench_rank other ON other.rank = mod(r.rank + {people} * {shift} - {shift} * n, {people})"
)


@dataclass(frozen=True, slots=True)
class _Kind:
    """A table, which of its columns are keys of what is copied, and how its other columns differ in a copy."""

    table: str
    keys: tuple[str, ...]
    other: tuple[tuple[str, str], ...] = ()
    source: str = _SOURCE


_OTHERS_PERSON = ("person_id", _ID.format(column="other.id"))
_PEOPLE = (
    _Kind("person", ("id",), source=_VOLUNTEERS_SOURCE),
    _Kind("preferences", (), (_OTHERS_PERSON,), _OTHERS_SOURCE),
    _Kind(
        "device",
        ("id",),
        (_OTHERS_PERSON, ("address", "address || '/' || n"), ("address_hash", "md5(address_hash || n)")),
        _OTHERS_SOURCE,
    ),
    _Kind("invitation", ("id",), (_OTHERS_PERSON, ("asked_at", "asked_at - n * interval '1 minute'")), _OTHERS_SOURCE),
    _Kind(
        "assignment",
        ("id",),
        (_OTHERS_PERSON, ("accepted_at", "accepted_at - n * interval '1 minute'")),
        _OTHERS_SOURCE,
    ),
    _Kind("offer", ("id", "person_id")),
    _Kind("offer_category", ("offer_id", "person_id"), (("spot", "left(t.spot, -1) || other.yes"),), _AS_OTHERS_SOURCE),
    _Kind("bench_slot", ("offer_id",)),
    _Kind("bench_language", ("offer_id",)),
)
_PLACES = (
    _Kind("quarter", ("id",), (("slug", "slug || '-' || n"),)),
    _Kind("quarter_neighbour", ("quarter_id", "neighbour_id")),
)
_RANKS = """
    CREATE TABLE bench_rank AS
    SELECT person_id AS id, CAST(row_number() OVER (ORDER BY person_id) - 1 AS int) AS rank, min(right(spot, 1)) AS yes
    FROM offer_category GROUP BY person_id
"""
_CONSTRAINTS = """
    SELECT conname, CAST(contype AS text), pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = CAST(:table AS regclass) AND contype IN ('p', 'u', 'f')
    ORDER BY contype
"""


def multiply(raw: Raw, times: int, *, with_places: bool) -> None:
    """So many of everybody in all; `with_places`: each copy of the city has quarters of its own. PostgreSQL only.

    Foreign keys are let go: copies of what fits do fit. Indexes are made when all rows are there, which is far quicker
    than to keep them meanwhile.
    """
    raw.change("SET maintenance_work_mem = '256MB'")
    kinds = (*(_PLACES if with_places else ()), *_PEOPLE)
    keys = [name for kind in kinds for name in _let_go(raw, kind.table)]
    raw.change(_RANKS)
    raw.change("ANALYZE bench_rank")
    for kind in kinds:
        _copy(raw, kind, times, with_places=with_places)
    for statement in keys:
        raw.change(statement)
    raw.change("VACUUM ANALYZE")


def _let_go(raw: Raw, table: str) -> list[str]:
    """Drops the table's keys and indexes; returns the statements that make them again, all but the foreign keys."""
    constraints = raw.rows(_CONSTRAINTS, table=table)
    for name, *_ in constraints:
        raw.change(f"ALTER TABLE {table} DROP CONSTRAINT {name} CASCADE")
    indexes = raw.rows("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = :table", table=table)
    for name, _ in indexes:
        raw.change(f"DROP INDEX {name}")
    again = [f"ALTER TABLE {table} ADD CONSTRAINT {name} {rule}" for name, kind, rule in constraints if kind != "f"]
    return [*again, *(definition for _, definition in indexes)]


def _copy(raw: Raw, kind: _Kind, times: int, *, with_places: bool) -> None:
    moved = ("quarter_id",) if with_places and kind in _PEOPLE else ()
    changed = {column: _ID.format(column=f"t.{column}") for column in (*kind.keys, *moved)} | dict(kind.other)
    query = "SELECT column_name FROM information_schema.columns WHERE table_name = :table AND table_schema = 'public'"
    columns = [row[0] for row in raw.rows(query, table=kind.table)]
    values = ", ".join(changed.get(column, f"t.{column}") for column in columns)
    people = raw.rows("SELECT count(*) FROM bench_rank")[0][0]
    source = kind.source.format(table=kind.table, last=times - 1, shift=_SHIFT, people=people)
    raw.change(f"INSERT INTO {kind.table} ({', '.join(columns)}) SELECT {values} FROM {source}")  # noqa: S608 - names of our own
