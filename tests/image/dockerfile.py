"""Reads a Dockerfile: its stages and their instructions, as a builder would."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATH = ROOT / "Dockerfile"


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its word, its options (`--from=build`) and what follows."""

    word: str
    options: dict[str, str]
    rest: str

    @property
    def words(self) -> list[str]:
        """What follows as words, in either of the two forms: a JSON list, or as a shell would split it."""
        if self.rest.startswith("["):
            return [str(word) for word in json.loads(self.rest)]
        return shlex.split(self.rest)

    @property
    def pairs(self) -> dict[str, str]:
        """What follows as NAME=VALUE, for ENV."""
        return dict(pair.split("=", 1) for pair in self.words)


@dataclass(frozen=True, slots=True)
class Stage:
    """From one FROM to the next."""

    base: str
    name: str | None
    instructions: list[Instruction]

    def all(self, word: str) -> list[Instruction]:
        return [found for found in self.instructions if found.word == word]

    def last(self, word: str) -> Instruction:
        """The one that holds. Raises LookupError where there is none."""
        found = self.all(word)
        if not found:
            raise LookupError(f"there is no {word}")
        return found[-1]

    @property
    def environment(self) -> dict[str, str]:
        """As ENV leaves it on top of a base that has only the usual PATH."""
        known = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        for instruction in self.all("ENV"):
            for name, value in instruction.pairs.items():
                known[name] = re.sub(r"\$(\w+)", lambda found: known[found[1]], value)
        return known

    @property
    def health_command(self) -> list[str]:
        """What the health check runs, word by word."""
        check = self.last("HEALTHCHECK")
        return [str(word) for word in json.loads(check.rest.removeprefix("CMD"))]


def read_dockerfile(path: Path = PATH) -> list[Stage]:
    """The stages in their order."""
    stages: list[Stage] = []
    for instruction in _instructions(path.read_text(encoding="utf-8")):
        if instruction.word == "FROM":
            base, *named = instruction.rest.split()
            stages.append(Stage(base, named[1] if named else None, []))
        else:
            stages[-1].instructions.append(instruction)
    return stages


def _instructions(text: str) -> Iterator[Instruction]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        word, _space, rest = line.strip().partition(" ")
        options: dict[str, str] = {}
        while found := re.match(r"--([a-z-]+)=(\S+)\s+", rest.lstrip()):
            options[found[1]] = found[2]
            rest = rest.lstrip()[found.end() :]
        yield Instruction(word.upper(), options, rest.strip())
