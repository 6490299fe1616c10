"""The words of the API, for everybody."""

from typing import Any

from flask import Blueprint

from api.endpoint import Operation, Who, endpoint
from api.schemas.meta import MetaQuery, MetaSchema
from nachbarschaft.context import Context
from nachbarschaft.queries.meta import read_meta

meta = Blueprint("meta", __name__)


@endpoint(
    meta,
    Operation(
        "GET",
        "/v1/meta",
        name="getMeta",
        tag="Words",
        who=Who.ANYONE,
        query=MetaQuery,
        gives=MetaSchema,
        tagged=True,
    ),
)
def get_meta(context: Context, query: dict[str, Any]) -> dict[str, Any]:
    """Every fixed choice with its label in the asked language, categories with what they require and exclude.

    With it the emergency number, and how to reach each quarter's office and when it is closed. Needs no token.
    """
    return read_meta(context, query.get("quarter"))
