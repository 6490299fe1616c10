"""One of many keys, handed over as a single value: a statement with as many values as keys is slow to read and send."""

import json
import uuid
from collections.abc import Collection
from typing import Any, cast

from sqlalchemy import ColumnElement, Dialect, String, Text, Uuid, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine


def is_one_of(column: InstrumentedAttribute[uuid.UUID], keys: Collection[uuid.UUID]) -> ColumnElement[bool]:
    """Whether the key in `column` is one of `keys`; the statement is the same however many there are."""
    return cast(ColumnElement[bool], _IsOneOf(column, bindparam(None, keys, type_=_Keys())))


def is_among(column: InstrumentedAttribute[Any], name: str) -> ColumnElement[bool]:
    """The same for keys or texts that are handed over as `name` when the statement runs."""
    of_texts = isinstance(column.type, String)
    return cast(ColumnElement[bool], _IsOneOf(column, bindparam(name, type_=_Keys(of_texts=of_texts))))


class _Keys(TypeDecorator[Collection[Any]]):
    """Many keys: an array where there are arrays, else the JSON of what SQLite keeps of each, 32 hex digits.

    Texts likewise, as they are.
    """

    impl = Text
    cache_ok = True

    def __init__(self, *, of_texts: bool = False) -> None:
        super().__init__()
        self.of_texts = of_texts

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        many = ARRAY(Text() if self.of_texts else Uuid())
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else many)

    def process_bind_param(self, value: Collection[Any] | None, dialect: Dialect) -> Any:
        if value is None:
            raise ValueError("one of which keys?")
        if dialect.name == "sqlite":
            return json.dumps([key.hex if isinstance(key, uuid.UUID) else key for key in value])
        return list(value)


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
