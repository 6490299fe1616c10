"""What is wrong with a file of quarters, feature by feature, so that it can be mended in one go."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Read = TypeVar("Read")


class Refused(ValueError):
    """One thing that cannot be taken: a sentence says what is wrong and what to do."""


@dataclass(frozen=True)
class FeatureProblem:
    """What is wrong with one feature; `index` counts from 0, and is None when the whole file is meant."""

    index: int | None
    name: str | None
    message: str

    def __str__(self) -> str:
        where = "" if self.index is None else f"{feature_label(self.index, self.name)}: "
        return where + self.message


def feature_label(index: int, name: str | None) -> str:
    """How a feature is called in messages: its place in the file, counted from 0, and its name."""
    return f"features[{index}]" + (f" “{name}”" if name else "")


class BadGeoJson(ValueError):
    """The file cannot be imported; `problems` holds every reason, in the order of the file."""

    def __init__(self, problems: list[FeatureProblem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class Collector:
    """Gathers the problems of a file while reading goes on."""

    def __init__(self) -> None:
        self.problems: list[FeatureProblem] = []

    def add(self, index: int | None, name: str | None, message: str) -> None:
        """Note a problem."""
        self.problems.append(FeatureProblem(index, name, message))

    def attempt(self, index: int | None, name: str | None, read: Callable[[], Read]) -> Read | None:
        """What `read` gives, or None after noting why it refused."""
        try:
            return read()
        except Refused as refusal:
            self.add(index, name, str(refusal))
            return None

    def raise_if_any(self) -> None:
        """Raises BadGeoJson with everything noted so far, feature by feature."""
        if self.problems:
            raise BadGeoJson(sorted(self.problems, key=_place))


def _place(problem: FeatureProblem) -> int:
    return -1 if problem.index is None else problem.index
