"""My data: all of it to take along, and all of it gone."""

from typing import Any

import structlog
from flask import Blueprint

from api.endpoint import Edge, Operation, Who, endpoint
from api.limits import count_export
from api.schemas.personal import ErasureTaken, ExportSchema
from nachbarschaft.context import Context
from nachbarschaft.errors import Conflict, WrongPassword
from nachbarschaft.passwords import is_right
from nachbarschaft.queries.export import export_me
from nachbarschaft.services.accounts import password_of
from nachbarschaft.services.erasing import erase_me

personal = Blueprint("personal", __name__)
_log = structlog.get_logger(__name__)


@endpoint(
    personal,
    Operation("GET", "/v1/me/export", name="getExport", tag="Me", who=Who.SIGNED_IN, gives=ExportSchema),
)
def get_export(context: Context) -> dict[str, Any]:
    """Everything that is held about me.

    With who looked at my address, what each piece is for and how long it is kept. It does not say who other people
    are, and holds nothing with which somebody could sign in. Ten times an hour.
    """
    count_export(context.me.person_id)
    return export_me(context)


@endpoint(
    personal,
    Operation(
        "DELETE",
        "/v1/me",
        name="deleteMe",
        tag="Me",
        who=Who.SIGNED_IN,
        takes=ErasureTaken,
        status=204,
        refuses=(WrongPassword, Conflict),
        own_transactions=True,
    ),
)
def delete_me(edge: Edge, body: dict[str, Any]) -> None:
    """Erase my account and everything that says who I am, for good.

    My requests are called off and my tasks given back, and those concerned are told. What others did stays theirs,
    without my name. The next request with my token answers 401.
    """
    with edge.reading() as context:
        stored = password_of(context)
    if not is_right(stored, body["password"]):
        raise WrongPassword
    with edge.writing() as context:
        person_hash = erase_me(context, stored)
    # Beside the database too: a backup that is put back knows nothing of what came after it.
    _log.info("person_erased", ledger=person_hash)
