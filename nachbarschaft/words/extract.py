"""Finds every sentence the code says, so that none goes out untranslated."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDERS: Final = ("models", "nachbarschaft", "api", "jobs")
METHODS: Final = (("**.py", "python"),)
KEYWORDS: Final = {"_": None, "mark": None, "say": (2,), "say_many": (2, 3)}


def extract(root: Path = ROOT) -> Catalog:
    """Return a template catalogue of the marked sentences in the four folders below root."""
    template = Catalog(charset="utf-8", fuzzy=False)
    for msgid in _sentences(root):
        template.add(msgid)
    return template


def _sentences(root: Path) -> Iterator[str | tuple[str, ...]]:
    for folder in FOLDERS:
        if (root / folder).is_dir():
            for _file, _line, msgid, _notes, _context in extract_from_dir(
                root / folder, method_map=METHODS, keywords=KEYWORDS
            ):
                yield msgid
