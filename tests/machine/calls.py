"""From an attempt to its HTTP call: method, path, body and headers, and no opinion on what comes of it."""

from typing import Any

from tests.machine.attempts import LISTS, ROUTES, Attempt
from tests.machine.cast import CENTER, NEXT_CENTER, Troupe
from tests.machine.faces import instant
from tests.machine.model import Wish
from tests.support.town import Reply

Body = dict[str, Any]
STALE = '"0123456789abcdef"'


def make(troupe: Troupe, attempt: Attempt) -> Reply:
    """One call. A fresh precondition is read first, as an app does it."""
    method, pattern = ROUTES[attempt.action]
    path = pattern.format(id=attempt.wish.id if attempt.wish else troupe.offers.get(attempt.person or "", ""))
    token = troupe.people[attempt.who].token if attempt.signed_in else None
    headers = {}
    if method == "PATCH" and attempt.precondition != "none":
        headers["If_Match"] = STALE
        if attempt.precondition == "fresh" and token is not None:
            headers["If_Match"] = troupe.town.call("GET", path, token=token).headers.get("ETag", STALE)
    body = None if method == "GET" else _body(troupe, attempt)
    return troupe.town.call(method, path + _query(attempt), body, token=token, **headers)


def _query(attempt: Attempt) -> str:
    told = ["limit=100"] if attempt.action in LISTS else []
    told += ["nobody_knows_this=1"] if attempt.is_odd else []
    return "?" + "&".join(told) if told else ""


def _body(troupe: Troupe, attempt: Attempt) -> Body | None:
    if attempt.action == "ask":
        return _wish(attempt)
    if attempt.action == "edit":
        return (
            _told(attempt.changed)
            if "outside" not in attempt.changed
            else {"place": _place(attempt.about, outside=True)}
        )
    if attempt.action == "pause":
        return {"paused_until": instant(attempt.until)}
    body = {
        "person": troupe.people[attempt.person].id if attempt.person else None,
        "no_show": attempt.no_show or None,
        "needed_until": instant(attempt.until),
        "reason": attempt.reason,
        "minutes": attempt.minutes,
    }
    return {key: value for key, value in body.items() if value is not None} or None


def _wish(attempt: Attempt) -> Body:
    told = attempt.changed
    outside = told.pop("outside", False)
    number = told.pop("number")
    secrets = Wish(number, attempt.who, "", False, 1, told["needed_from"], told["needed_until"], told["needed_from"])
    more = {"place": _place(secrets, outside=outside), "private_note": secrets.private_note, "phone": secrets.phone}
    return _told(told) | more


def _place(wish: Wish, *, outside: bool) -> Body:
    return (NEXT_CENTER if outside else CENTER) | {"address": wish.address}


def _told(values: Body) -> Body:
    return {key: instant(value) if key in {"needed_from", "needed_until"} else value for key, value in values.items()}
