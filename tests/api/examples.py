"""Writes `api/examples.json`, what is asked and answered in the story, with `python -m tests.api.examples`."""

import json
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import select

from models import Quarter
from tests.api.story.cast import assemble
from tests.api.story.chapters import CHAPTERS
from tests.api.storybook import Storybook, compiled
from tests.support.databases import fill
from tests.support.town import NOON, Town

FILE = Path(__file__).parents[2] / "api" / "examples.json"


def tell(folder: Path) -> dict[str, Any]:
    """The examples that the story gives, played in an empty `folder`."""
    fill(url := f"sqlite:///{folder / 'town.db'}", NOON)
    with Storybook(url, folder) as town:
        _give_quarters_an_order(town)
        cast = assemble(town)
        for chapter in CHAPTERS:
            chapter(cast)
    with Storybook(f"sqlite:///{folder / 'unfinished.db'}", folder) as unfinished:
        unfinished.call("GET", "/health/ready")
        unfinished.call("GET", "/v1/quarters")
    return compiled(town.pages + unfinished.pages)


def _give_quarters_an_order(town: Town) -> None:
    """The same in every run: imported together, they have none."""
    with town.wiring.writing() as context:
        for number, quarter in enumerate(context.session.scalars(select(Quarter).order_by(Quarter.slug))):
            quarter.created_at = town.clock.now() - timedelta(days=number)


def main() -> None:
    with TemporaryDirectory() as folder:
        told = tell(Path(folder))
    FILE.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
