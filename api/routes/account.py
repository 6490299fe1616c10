"""My sessions, my password, my tasks."""

import uuid
from typing import Any

from flask import Blueprint

from api.endpoint import Edge, Operation, Who, endpoint
from api.schemas.account import PasswordTaken, SessionPage, TaskPage, TaskQuery
from api.schemas.basics import PageQuery
from nachbarschaft.context import Context
from nachbarschaft.errors import NotFound, WrongPassword
from nachbarschaft.passwords import hash_password, is_right
from nachbarschaft.queries.pages import Page, PageAsked
from nachbarschaft.queries.sessions import list_sessions
from nachbarschaft.queries.tasks import list_tasks
from nachbarschaft.services.accounts import password_of, set_password
from nachbarschaft.services.sessions import end_own_session

account = Blueprint("account", __name__)
Face = dict[str, Any]


@endpoint(
    account,
    Operation(
        "GET",
        "/v1/me/sessions",
        name="listSessions",
        tag="Me",
        who=Who.SIGNED_IN,
        query=PageQuery,
        gives=SessionPage,
    ),
)
def get_sessions(context: Context, query: Face) -> Page[Face]:
    """The devices on which I am signed in, newest first."""
    return list_sessions(context, PageAsked(**query))


@endpoint(
    account,
    Operation(
        "DELETE",
        "/v1/me/sessions/<uuid:id>",
        name="endSession",
        tag="Me",
        who=Who.SIGNED_IN,
        status=204,
        refuses=(NotFound,),
    ),
)
def delete_session(context: Context, id: uuid.UUID) -> None:
    """Sign one device out, this one or another. Its access token fails at the next request."""
    end_own_session(context, id)


@endpoint(
    account,
    Operation(
        "POST",
        "/v1/me/password",
        name="changePassword",
        tag="Me",
        who=Who.SIGNED_IN,
        takes=PasswordTaken,
        status=204,
        refuses=(WrongPassword,),
        own_transactions=True,
        gives_secrets=True,
    ),
)
def post_password(edge: Edge, body: Face) -> None:
    """Change my password. Signs all my other devices out."""
    with edge.reading() as context:
        stored = password_of(context)
    if not is_right(stored, body["old"]):
        raise WrongPassword
    new_hash = hash_password(body["new"])
    with edge.writing() as context:
        set_password(context, stored, new_hash)


@endpoint(
    account,
    Operation(
        "GET",
        "/v1/me/tasks",
        name="listTasks",
        tag="Me",
        who=Who.SIGNED_IN,
        query=TaskQuery,
        gives=TaskPage,
    ),
)
def get_tasks(context: Context, query: Face) -> Page[Face]:
    """What I have said yes to, newest first."""
    asked = PageAsked(query.pop("limit"), query.pop("after"))
    return list_tasks(context, query.get("state"), asked)
