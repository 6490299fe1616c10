"""What of the checkout a builder gets to see: everything that .dockerignore does not keep from it."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tests.image.dockerfile import ROOT


class Ignored:
    """The rules of a .dockerignore: the last one that fits a path, or a folder above it, decides."""

    def __init__(self, text: str) -> None:
        lines = [line.strip() for line in text.splitlines()]
        self._rules = [
            (_pattern(line.removeprefix("!")), not line.startswith("!"))
            for line in lines
            if line and not line.startswith("#")
        ]

    def __contains__(self, path: str) -> bool:
        parts = [path, *(str(parent) for parent in PurePosixPath(path).parents)]
        ignored = False
        for pattern, ignores in self._rules:
            if any(pattern.fullmatch(part) for part in parts):
                ignored = ignores
        return ignored


def visible(source: str, ignored: Ignored) -> Iterator[Path]:
    """The files at `source`, a file or a folder of the checkout, that a builder sees; relative to the checkout."""
    top = ROOT / source
    for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
        relative = path.relative_to(ROOT)
        if path.is_file() and relative.as_posix() not in ignored:
            yield relative


def read_ignored() -> Ignored:
    return Ignored((ROOT / ".dockerignore").read_text(encoding="utf-8"))


def _pattern(text: str) -> re.Pattern[str]:
    """`*` is anything but a slash, `**/` any folders or none."""
    pieces = re.split(r"(\*\*/|\*|\?)", text.strip("/"))
    signs = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(signs.get(piece, re.escape(piece)) for piece in pieces))
