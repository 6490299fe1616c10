"""`nachbarschaft quarters`: outlines from GeoJSON files."""

import contextlib
from pathlib import Path
from zoneinfo import available_timezones

import click

from nachbarschaft.bootstrap import Wiring
from nachbarschaft.cli.failing import OperatorError, explained, wire_up
from nachbarschaft.geography.geojson import QuarterOutline, parse_quarters
from nachbarschaft.geography.problems import BadGeoJson
from nachbarschaft.services.quarters import ImportResult, import_quarters


@click.group()
def quarters() -> None:
    """The quarters that take part."""


class _DryRun(Exception):
    """Rolls an import back after it has shown what it would do."""


@quarters.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--city", help="The city that the quarters belong to.")
@click.option("--name-property", help="The property that holds a quarter's name.")
@click.option("--timezone", help="Their time zone; default: the setting TIMEZONE.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@explained
def import_(file: Path, city: str | None, name_property: str | None, timezone: str | None, *, dry_run: bool) -> None:
    """Add or update the quarters of a GeoJSON FILE; safe to repeat. A bad file changes nothing."""
    if timezone is not None and timezone not in available_timezones():
        raise click.BadParameter(f"there is no time zone “{timezone}”.", param_hint="--timezone")
    outlines = _read(file, name_property)
    wiring = wire_up()
    result = _import(wiring, outlines, city, timezone or wiring.settings.timezone, dry_run=dry_run)
    for what in ("added", "updated", "unchanged"):
        slugs = getattr(result, what)
        click.echo(f"{what}: {len(slugs)}" + (f" ({', '.join(slugs)})" if slugs and what != "unchanged" else ""))
    click.echo(f"neighbouring pairs: {result.neighbours}")
    if dry_run:
        click.echo("Nothing was changed (--dry-run).")


def _read(file: Path, name_property: str | None) -> list[QuarterOutline]:
    try:
        return parse_quarters(file.read_text(encoding="utf-8"), name_property=name_property)
    except UnicodeDecodeError:
        raise OperatorError(f"{file.name} is not UTF-8 text.") from None
    except BadGeoJson as error:
        lines = "\n".join(f"  {problem}" for problem in error.problems)
        raise OperatorError(f"{file.name} cannot be imported, nothing was changed:\n{lines}") from None


def _import(
    wiring: Wiring, outlines: list[QuarterOutline], city: str | None, timezone: str, *, dry_run: bool
) -> ImportResult:
    results: list[ImportResult] = []
    with contextlib.suppress(_DryRun), wiring.writing() as context:
        results.append(import_quarters(context, outlines, city=city, timezone=timezone))
        if dry_run:
            raise _DryRun
    return results[0]
