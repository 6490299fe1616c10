"""What each reader sees of a request: fields and secrets (contract, end of section 5: Requests)."""

from datetime import UTC, datetime
from typing import Any

from tests.machine.model import Task, Wish, World

PUBLIC = frozenset(
    {
        "id",
        "quarter",
        "category",
        "public_note",
        "state",
        "urgent",
        "needed_from",
        "needed_until",
        "expires_at",
        "people_needed",
        "people_accepted",
        "languages",
        "area",
        "created_at",
        "version",
    }
)
PRIVATE = frozenset({"place", "private_note", "phone", "code_word", "helpers", "assignment", "done_assumed"})
"""Each is for some readers only. Other additions are welcome, these are not."""
_OWNER = frozenset({"place", "private_note", "phone", "code_word", "helpers", "done_assumed"})

Face = dict[str, Any]


def private_keys(world: World, who: str, wish: Wish) -> frozenset[str]:
    """The private fields that somebody sees."""
    if who == wish.requester:
        return _OWNER
    seen = {"helpers", "done_assumed"} if world.cast[who].coordinates else set()
    if wish.keeps_task(who):
        seen |= {"assignment", "done_assumed"} | ({"code_word"} if wish.has_contact(who, world.now) else set())
    return frozenset(seen)


def expected(world: World, who: str, wish: Wish, ids: dict[str, str]) -> Face:
    """The values that the model knows of what somebody sees; `ids` are the people's."""
    face = public(wish)
    keys = private_keys(world, who, wish)
    if "place" in keys:
        face |= {"private_note": wish.private_note, "phone": wish.phone}
    if "helpers" in keys:
        face["helpers"] = [_helper(task, ids) for task in wish.tasks_in("active", "done")]
    if "done_assumed" in keys:
        face["done_assumed"] = wish.done_assumed
    task = wish.keeps_task(who)
    if "assignment" in keys and task is not None:
        face["assignment"] = task.id
    return face


def public(wish: Wish) -> Face:
    """What everybody sees who sees it at all."""
    return {
        "id": wish.id,
        "category": wish.category,
        "public_note": wish.public_note,
        "state": wish.state,
        "urgent": wish.urgent,
        "needed_from": instant(wish.needed_from),
        "needed_until": instant(wish.needed_until),
        "expires_at": instant(wish.expires_at),
        "people_needed": wish.people_needed,
        "people_accepted": wish.accepted,
        "created_at": instant(wish.created_at),
    }


def differences(face: Face, values: Face, private: frozenset[str]) -> list[str]:
    """What is not as the model says: fields that lack, that should not be there, or that hold something else."""
    found = [f"{key} is missing" for key in sorted((PUBLIC | private) - face.keys())]
    found += [f"{key} is not for them" for key in sorted((PRIVATE & face.keys()) - private)]
    shown = {key: _shortened(face.get(key)) if key == "helpers" else face.get(key) for key in values}
    found += [f"{key} is {shown[key]!r}, not {value!r}" for key, value in values.items() if shown[key] != value]
    return found


def instant(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC with Z."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _helper(task: Task, ids: dict[str, str]) -> Face:
    return {"person": ids[task.who], "state": task.state, "accepted_at": instant(task.accepted_at)}


def _shortened(helpers: Any) -> list[Face]:
    return [{key: helper[key] for key in ("person", "state", "accepted_at")} for helper in helpers or []]
