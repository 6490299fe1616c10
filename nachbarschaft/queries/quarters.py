"""Quarters as strangers may see them, and which one a place lies in."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Quarter
from nachbarschaft.errors import NotFound, OutsideAllQuarters
from nachbarschaft.geography.outlines import covers
from nachbarschaft.queries.pages import Page, PageAsked, page_of


def quarter_at(session: Session, lat: float, lon: float) -> Quarter:
    """The quarter whose outline covers the place, exactly; on a shared border the one with the smaller slug.

    Raises OutsideAllQuarters.
    """
    boxes = (
        select(Quarter)
        .where(Quarter.south <= lat, Quarter.north >= lat, Quarter.west <= lon, Quarter.east >= lon)
        .order_by(Quarter.slug)
    )
    for quarter in session.scalars(boxes):
        if covers(quarter.outline, lat, lon):
            return quarter
    raise OutsideAllQuarters


def quarter_by_slug(session: Session, slug: str) -> Quarter:
    """Raises NotFound."""
    quarter = session.scalar(select(Quarter).where(Quarter.slug == slug))
    if quarter is None:
        raise NotFound
    return quarter


def list_quarters(session: Session, asked: PageAsked) -> Page[Quarter]:
    """A page of the quarters that take part, newest first."""
    return page_of(session, select(Quarter), asked, Quarter.created_at, Quarter.id)


def quarter_face(quarter: Quarter) -> dict[str, Any]:
    return {
        "slug": quarter.slug,
        "name": quarter.name,
        "city": quarter.city,
        "timezone": quarter.timezone,
        "center": {"lat": quarter.center_lat, "lon": quarter.center_lon},
    }


def quarter_feature(quarter: Quarter) -> dict[str, Any]:
    """The quarter as an RFC 7946 Feature."""
    return {"type": "Feature", "geometry": quarter.outline, "properties": quarter_face(quarter)}
