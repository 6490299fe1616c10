"""What somebody has said yes to."""

from typing import Any

from sqlalchemy import select

from models import Assignment, HelpRequest
from nachbarschaft.context import Context
from nachbarschaft.queries.pages import Page, PageAsked, page_of
from nachbarschaft.queries.requests import faces_of


def list_tasks(context: Context, state: str | None, asked: PageAsked) -> Page[dict[str, Any]]:
    """The actor's assignments, newest first, each with its request as they may see it."""
    query = select(Assignment).where(Assignment.person_id == context.me.person_id)
    if state is not None:
        query = query.where(Assignment.state == state)
    page = page_of(context.session, query, asked, Assignment.accepted_at, Assignment.id)
    ids = {task.request_id for task in page.items}
    requests = context.session.scalars(select(HelpRequest).where(HelpRequest.id.in_(ids))).all()
    faces = {face["id"]: face for face in faces_of(context, requests)}
    return Page([_face(task, faces[task.request_id]) for task in page.items], page.next)


def _face(task: Assignment, request: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": task.id,
        "request": request,
        "state": task.state,
        "accepted_at": task.accepted_at,
        "ended_at": task.ended_at,
    }
