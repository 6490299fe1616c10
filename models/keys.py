"""One of many keys, handed over as a single value: a statement with as many values as keys is slow to read and send."""

import json
import uuid
from collections.abc import Collection
from typing import Any, cast

from sqlalchemy import ColumnElement, Dialect, Text, Uuid, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine


def is_one_of(column: InstrumentedAttribute[uuid.UUID], keys: Collection[uuid.UUID]) -> ColumnElement[bool]:
    """Whether the key in `column` is one of `keys`; the statement is the same however many there are."""
    return cast(ColumnElement[bool], _IsOneOf(column, bindparam(None, keys, type_=_Keys())))


class _Keys(TypeDecorator[Collection[uuid.UUID]]):
    """Many keys: an array where there are arrays, else the JSON of what SQLite keeps of each, 32 hex digits."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(Uuid()))

    def process_bind_param(self, value: Collection[uuid.UUID] | None, dialect: Dialect) -> Any:
        if value is None:
            raise ValueError("one of which keys?")
        return json.dumps([key.hex for key in value]) if dialect.name == "sqlite" else list(value)


class _IsOneOf(FunctionElement[Any]):
    """The comparison; its two clauses are the column and the keys."""

    inherit_cache = True
    # As a Boolean it would be compared with 1 on SQLite, which then finds nothing by an index.
    type = NullType()


@compiles(_IsOneOf)
def _in_array(element: _IsOneOf, compiler: SQLCompiler, **how: Any) -> str:
    column, keys = (compiler.process(clause, **how) for clause in element.clauses)
    return f"{column} = ANY({keys})"


@compiles(_IsOneOf, "sqlite")
def _in_json(element: _IsOneOf, compiler: SQLCompiler, **how: Any) -> str:
    column, keys = (compiler.process(clause, **how) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({keys}))"  # noqa: S608 - what SQLAlchemy wrote, no values
