"""Quarters come from GeoJSON files, as cities publish them; importing twice changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import delete, insert, select

from models import Quarter, QuarterCell, QuarterNeighbour
from nachbarschaft.context import Context
from nachbarschaft.geography.cells import cells_covering
from nachbarschaft.geography.geojson import QuarterOutline
from nachbarschaft.geography.naming import slug_from_name
from nachbarschaft.geography.neighbours import neighbour_pairs
from nachbarschaft.geography.outlines import bounding_box, center_of
from nachbarschaft.services.events import record


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did, by slug."""

    added: tuple[str, ...]
    updated: tuple[str, ...]
    unchanged: tuple[str, ...]
    neighbours: int


def import_quarters(
    context: Context, outlines: list[QuarterOutline], *, city: str | None, timezone: str
) -> ImportResult:
    """Adds new quarters and updates known ones by slug; neighbours and cells are worked out anew.

    A slug that was made from the name and is another city's already gets the city's name behind it.

    `city` counts before what the features say themselves, `timezone` where they say nothing.
    """
    known = {quarter.slug: quarter for quarter in context.session.scalars(select(Quarter))}
    added, updated, unchanged = [], [], []
    for told in outlines:
        outline = _apart_from_other_cities(told, city, known)
        quarter = known.get(outline.slug)
        if quarter is None:
            added.append(outline.slug)
            context.session.add(_written(Quarter(created_at=context.now), outline, city, timezone, context))
        elif _differs(quarter, outline, city, timezone):
            updated.append(outline.slug)
            _written(quarter, outline, city, timezone, context)
        else:
            unchanged.append(outline.slug)
    context.session.flush()
    if added or updated:
        _cover_with_cells(context, {*added, *updated})
        record(context, "quarters_imported", added=len(added), updated=len(updated))
    return ImportResult(tuple(added), tuple(updated), tuple(unchanged), _link_neighbours(context))


def _apart_from_other_cities(outline: QuarterOutline, city: str | None, known: Mapping[str, Quarter]) -> QuarterOutline:
    """Many cities have a Hafen or an Altstadt; one must not become the other."""
    there, here = known.get(outline.slug), city or outline.city
    if there is None or there.city is None or here is None or there.city == here:
        return outline
    if outline.slug != slug_from_name(outline.name):
        return outline
    return replace(outline, slug=slug_from_name(f"{outline.name} {here}"))


def _values(outline: QuarterOutline, city: str | None, timezone: str) -> dict[str, object]:
    return {
        "slug": outline.slug,
        "name": outline.name,
        "city": city or outline.city,
        "timezone": outline.timezone or timezone,
        "outline": outline.outline,
    }


def _differs(quarter: Quarter, outline: QuarterOutline, city: str | None, timezone: str) -> bool:
    return any(getattr(quarter, key) != value for key, value in _values(outline, city, timezone).items())


def _written(quarter: Quarter, outline: QuarterOutline, city: str | None, timezone: str, context: Context) -> Quarter:
    for key, value in _values(outline, city, timezone).items():
        setattr(quarter, key, value)
    center, box = center_of(outline.outline), bounding_box(outline.outline)
    quarter.center_lat, quarter.center_lon = center.lat, center.lon
    quarter.south, quarter.west, quarter.north, quarter.east = box.south, box.west, box.north, box.east
    quarter.updated_at = context.now
    return quarter


def _cover_with_cells(context: Context, slugs: set[str]) -> None:
    for quarter in context.session.scalars(select(Quarter).where(Quarter.slug.in_(slugs))).all():
        context.session.execute(delete(QuarterCell).where(QuarterCell.quarter_id == quarter.id))
        cells = [{"quarter_id": quarter.id, "cell": cell} for cell in cells_covering(quarter.outline)]
        context.session.execute(insert(QuarterCell), cells)


def _link_neighbours(context: Context) -> int:
    quarters = {quarter.slug: quarter for quarter in context.session.scalars(select(Quarter))}
    pairs = neighbour_pairs({slug: quarter.outline for slug, quarter in quarters.items()})
    context.session.execute(delete(QuarterNeighbour))
    both_ways = [*pairs, *((b, a) for a, b in pairs)]
    rows = [{"quarter_id": quarters[a].id, "neighbour_id": quarters[b].id} for a, b in both_ways]
    if rows:
        context.session.execute(insert(QuarterNeighbour), rows)
    return len(pairs)
