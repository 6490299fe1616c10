"""Quarters, for everybody."""

import json
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, after_this_request, request

from api.endpoint import Operation, Who, endpoint
from api.schemas.basics import PageQuery
from api.schemas.quarters import LocateQuery, QuarterPage, QuarterSchema
from nachbarschaft.context import Context
from nachbarschaft.errors import NotFound, OutsideAllQuarters
from nachbarschaft.queries.pages import Page, PageAsked
from nachbarschaft.queries.quarters import (
    list_quarters,
    quarter_at,
    quarter_by_slug,
    quarter_face,
    quarter_feature,
)

quarters = Blueprint("quarters", __name__)
GEOJSON = "application/geo+json"


def _wants_geojson() -> bool:
    """Asks what the reader prefers, and tells caches that the answer depended on it."""
    after_this_request(_vary_by_accept)
    return request.accept_mimetypes.best_match(["application/json", GEOJSON]) == GEOJSON


def _vary_by_accept(response: Response) -> Response:
    response.vary.add("Accept")
    return response


def _geojson(document: dict[str, Any]) -> Response:
    return Response(json.dumps(document, ensure_ascii=False), mimetype=GEOJSON)


def _collection(features: Sequence[dict[str, Any]], following: str | None) -> Response:
    return _geojson({"type": "FeatureCollection", "features": features, "next": following})


@endpoint(
    quarters,
    Operation(
        "GET",
        "/v1/quarters",
        name="listQuarters",
        tag="Quarters",
        who=Who.ANYONE,
        query=PageQuery,
        gives=QuarterPage,
    ),
)
def get_quarters(context: Context, query: dict[str, Any]) -> Page[dict[str, Any]] | Response:
    """All quarters that take part; their outlines with `Accept: application/geo+json`."""
    page = list_quarters(context.session, PageAsked(**query))
    if _wants_geojson():
        return _collection([quarter_feature(quarter) for quarter in page.items], page.next)
    return Page([quarter_face(quarter) for quarter in page.items], page.next)


@endpoint(
    quarters,
    Operation(
        "GET",
        "/v1/quarters/locate",
        name="locateQuarter",
        tag="Quarters",
        who=Who.ANYONE,
        query=LocateQuery,
        gives=QuarterSchema,
        refuses=(OutsideAllQuarters,),
    ),
)
def locate(context: Context, query: dict[str, Any]) -> dict[str, Any] | Response:
    """The quarter that a place lies in, exact to the outline. The place is neither stored nor logged."""
    found = quarter_at(context.session, query["lat"], query["lon"])
    return _geojson(quarter_feature(found)) if _wants_geojson() else quarter_face(found)


@endpoint(
    quarters,
    Operation(
        "GET",
        '/v1/quarters/<regex("[a-z0-9-]{1,64}"):slug>',
        name="getQuarter",
        tag="Quarters",
        who=Who.ANYONE,
        gives=QuarterSchema,
        refuses=(NotFound,),
        tagged=True,
    ),
)
def get_quarter(context: Context, slug: str) -> dict[str, Any] | Response:
    """One quarter; its outline with `Accept: application/geo+json`."""
    found = quarter_by_slug(context.session, slug)
    return _geojson(quarter_feature(found)) if _wants_geojson() else quarter_face(found)
