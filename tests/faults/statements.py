"""What a statement writes, as the hooks see it: SQL text on its way to the driver."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_INSERT = re.compile(r"\bINSERT (?:OR \w+ )?INTO (\w+)")
_DELETE = re.compile(r"\bDELETE FROM (\w+)")
_UPDATE = re.compile(r"\bUPDATE (?:OR \w+ )?(?:ONLY )?(\w+)(?: AS \w+)? SET (.*)", re.DOTALL)
_END_OF_SET = re.compile(r"\b(?:WHERE|FROM|RETURNING)\b")


@dataclass(frozen=True, slots=True)
class Write:
    """One table that a statement writes; `sets` are the words after SET of an update."""

    verb: str
    table: str
    sets: frozenset[str] = frozenset()

    @property
    def claims(self) -> bool:
        """Whether it takes deliveries: only a claim counts the attempt up."""
        return self.verb == "update" and self.table == "delivery" and "attempt" in self.sets

    @property
    def settles(self) -> bool:
        """Whether it marks deliveries with how their attempt ended."""
        return self.verb == "update" and self.table == "delivery" and "settled_at" in self.sets and not self.claims

    @property
    def notes_a_run(self) -> bool:
        return self.table == "job_run" and "last_started_at" in self.sets


def writes_of(statement: str) -> Iterator[Write]:
    """Everything that `statement` writes; a locking SELECT writes nothing."""
    text = statement.replace('"', "")
    for verb, pattern in (("insert", _INSERT), ("delete", _DELETE)):
        yield from (Write(verb, found) for found in pattern.findall(text))
    for table, rest in _UPDATE.findall(text):
        yield Write("update", table, frozenset(_assigned(rest)))


def _assigned(rest: str) -> Iterator[str]:
    """The columns that stand left of an equals sign, up to the end of the SET clause."""
    clause = _END_OF_SET.split(rest, maxsplit=1)[0]
    yield from re.findall(r"(\w+)\s*=", clause)
