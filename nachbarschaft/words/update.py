"""Brings the catalogues up to the code: ``python -m nachbarschaft.words.update``."""

from io import BytesIO
from pathlib import Path
from typing import Final

import click
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from nachbarschaft.words.extract import ROOT, extract

CATALOGUES: Final = ROOT / "nachbarschaft" / "words"
# Written by hand, because Babel's own header carries dates and versions that differ from run to run.
HEADER: Final = """\
msgid ""
msgstr ""
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Language: {language}\\n"
"Plural-Forms: {plurals}\\n"

"""


def merge(catalogue: bytes, template: Catalog, language: str) -> bytes:
    """Return the catalogue with the template's new sentences added, dropped ones removed, translations kept.

    The same input always gives the same bytes: sorted, without dates and without places in files. New
    sentences are left empty rather than guessed from similar ones.
    """
    merged = read_po(BytesIO(catalogue), locale=language.partition("-")[0])
    merged.update(template, no_fuzzy_matching=True)
    return _written(merged, language)


def missing(catalogue: bytes) -> list[str]:
    """Return the sentences, singular where there are two, that still wait for a translator."""
    entries = (message for message in read_po(BytesIO(catalogue)) if message.id)
    return [_first(entry.id) for entry in entries if entry.fuzzy or not all(_parts(entry.string))]


def _written(catalogue: Catalog, language: str) -> bytes:
    body = BytesIO()
    write_po(body, catalogue, width=100, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True)
    header = HEADER.format(language=language, plurals=catalogue.plural_forms)
    return header.encode() + body.getvalue().strip() + b"\n"


def _first(msgid: str | list[str] | tuple[str, ...]) -> str:
    return msgid if isinstance(msgid, str) else msgid[0]


def _parts(text: str | list[str] | tuple[str, ...] | None) -> list[str]:
    return [text or ""] if text is None or isinstance(text, str) else list(text)


@click.command()
@click.option("--catalogues", type=click.Path(path_type=Path, exists=True), default=CATALOGUES, hidden=True)
def main(catalogues: Path) -> None:
    """Merge the sentences of the code into every catalogue and say what waits for a translator."""
    template = extract()
    for file in sorted(catalogues.glob("*/LC_MESSAGES/messages.po")):
        language = file.parents[1].name
        file.write_bytes(merge(file.read_bytes(), template, language))
        waiting = missing(file.read_bytes())
        click.echo(f"{language}: {len(waiting)} sentences wait for a translator")
        for sentence in waiting:
            click.echo(f"  {sentence}")


if __name__ == "__main__":
    main()
