"""What the product shows, held against the model: answers, lists, inboxes and invitations."""

from collections.abc import Iterable
from typing import Any, NoReturn

from tests.machine import faces
from tests.machine.asking import Asked
from tests.machine.attempts import Attempt, Refusal
from tests.machine.cast import COORDINATOR, HERE, Troupe
from tests.machine.model import Task, View, Wish, World
from tests.support.town import Reply

SHOWS_REQUEST = frozenset({"ask", "edit", "read", "withdraw", "release", "done", "cancel", "still-needed", "undo"})
"""The attempts that are answered with the request, as the caller may now see it."""
Shown = dict[str, Any]


class Disagreement(AssertionError):
    """The product does not do what the model says."""


class Comparison:
    """One town beside one world; `diary` is told with every disagreement."""

    def __init__(self, troupe: Troupe, world: World, diary: list[str]) -> None:
        self._troupe = troupe
        self._world = world
        self._diary = diary
        self._ids = {name: neighbour.id for name, neighbour in troupe.people.items()}
        self._versions: dict[str, tuple[int, Shown]] = {}
        self._told: dict[str, Shown | None] = {}

    def refused(self, reply: Reply, refusal: Refusal) -> None:
        """A problem with the right status and code, naming fields where they are what is wrong."""
        self.equal(reply.status_code, refusal.status, "the status", reply)
        self.equal(reply.headers["Content-Type"], "application/problem+json", "the type", reply)
        self.equal(reply.json["code"], refusal.code, "the code", reply)
        self.equal("errors" in reply.json, refusal.status == 422, "whether fields are named", reply)

    def answered(self, attempt: Attempt, reply: Reply) -> None:
        """The answer of what worked."""
        if attempt.action in SHOWS_REQUEST:
            self.face(attempt.who, attempt.about, reply.json)
        elif attempt.action == "accept":
            self._assignment(attempt.about.tasks[-1], attempt.about, reply)
        elif attempt.action == "contact":
            self._contact(attempt.about, reply)
        elif attempt.action == "views":
            self.equal(reply.json["items"], [self._view(v) for v in reversed(attempt.about.views)], "views", reply)
        elif attempt.action == "dispatch":
            self._counts(attempt, reply)

    def everything_of(self, who: str) -> None:
        """All that somebody can list."""
        self.requests_of(who)
        self._own_requests_of(who)
        self._fitting_for(who)
        self._tasks_of(who)
        self._invitations_of(who)

    def requests_of(self, who: str) -> None:
        """Their own, what is open in reach of their offers, and all of a coordinator's quarter."""
        person = self._world.cast[who]
        visible = [
            wish
            for wish in self._world.wishes
            if wish.requester == who or person.coordinates or (wish.state == "open" and person.reaches)
        ]
        self._list(who, f"/v1/requests?limit=100&quarter={HERE}", visible)

    def newly_asked(self, wish: Wish) -> Asked:
        """Who was asked since the model last looked, as the coordinator sees it; all others are as the model says."""
        reply = self._troupe.people[COORDINATOR].get(f"/v1/requests/{wish.id}/dispatch")
        self.equal(reply.status_code, 200, "the status", reply)
        shown = {self._troupe.names[a["person"]]: a["state"] for wave in reply.json["waves"] for a in wave["asked"]}
        states = {who: invitation.state for who, invitation in wish.invitations.items()}
        self._told_once(wish, reply)
        new = frozenset(who for who, state in shown.items() if state == "asked" and states.get(who) != "asked")
        known = {who: states[who] for who, i in wish.invitations.items() if i.asked_at is not None and who not in new}
        others = {who: state for who, state in shown.items() if who not in new}
        self.equal(others, known, f"the invitations of {wish.number}", reply)
        return Asked(wish, new)

    def _told_once(self, wish: Wish, reply: Reply) -> None:
        """The coordinators are told that help is missing once, and that stays as it was told."""
        told = self._told.setdefault(wish.id, reply.json["escalation"]) or reply.json["escalation"]
        self.equal(reply.json["escalation"], told, f"what was told of {wish.number}", reply)
        self._told[wish.id] = told

    def face(self, who: str, wish: Wish, face: Shown) -> None:
        """One request as somebody sees it: values, secrets, and that nobody was given too much."""
        values = faces.expected(self._world, who, wish, self._ids)
        differs = faces.differences(face, values, faces.private_keys(self._world, who, wish))
        if face["people_accepted"] > face["people_needed"]:
            differs.append("too many have it")
        self.equal(differs, [], f"what {who} sees of {wish.number}")
        self._version(wish, face)

    def holds_no_secrets(self, text: str, wishes: Iterable[Wish], where: str) -> None:
        """No address, no private note and no phone of these."""
        for wish in wishes:
            for secret in (wish.address, wish.private_note, wish.phone):
                if secret in text:
                    self.fail(f"{where} holds {secret!r} of {wish.number}")

    def equal(self, shown: object, expected: object, what: str, reply: Reply | None = None) -> None:
        """Raises Disagreement unless both are the same."""
        if shown != expected:
            answer = f"\nThe answer was {reply.status_code}: {reply.text}" if reply is not None else ""
            self.fail(f"{what}: the product says {shown!r}, the model {expected!r}{answer}")

    def fail(self, what: str) -> NoReturn:
        """Raises Disagreement, with all that has happened."""
        raise Disagreement("\n".join([what, "What happened:", *self._diary]))

    def _assignment(self, task: Task, wish: Wish, reply: Reply) -> None:
        values = {"request": wish.id, "state": "active", "accepted_at": faces.instant(task.accepted_at)}
        self.equal({key: reply.json.get(key) for key in values}, values, "the assignment", reply)
        task.id = reply.json["id"]

    def _contact(self, wish: Wish, reply: Reply) -> None:
        values = {
            "name": self._name_of(wish.requester),
            "address": wish.address,
            "phone": wish.phone,
            "private_note": wish.private_note,
        }
        self.equal({key: reply.json.get(key) for key in values}, values, "the contact", reply)
        self.equal(bool(reply.json["code_word"]), True, "whether there is a code word", reply)

    def _view(self, view: View) -> Shown:
        return {"by": self._name_of(view.by), "role": view.role, "at": faces.instant(view.at), "reason": view.reason}

    def _name_of(self, who: str) -> str:
        return str(self._troupe.people[who].person["name"])

    def _counts(self, attempt: Attempt, reply: Reply) -> None:
        wish = attempt.about
        states = [invitation.state for invitation in wish.invitations.values()]
        asked = [who for who, invitation in wish.invitations.items() if invitation.asked_at is not None]
        reachable = sum(self._world.cast[who].wants_asks for who in asked)
        expected = {
            "request": wish.id,
            "asked": len(asked),
            "reachable": reachable,
            "unreachable": len(asked) - reachable,
            "accepted": wish.accepted,
            **{state: states.count(state) for state in ("declined", "lapsed", "standby")},
        }
        self.equal({key: reply.json.get(key) for key in expected}, expected, "the counts", reply)
        self.equal("waves" in reply.json, self._world.cast[attempt.who].coordinates, "who sees waves", reply)

    def _own_requests_of(self, who: str) -> None:
        own = [wish for wish in self._world.wishes if wish.requester == who]
        self._list(who, "/v1/requests?limit=100&mine=true", own)

    def _fitting_for(self, who: str) -> None:
        """What they could say yes to, newest first: the public face alone, whoever they are."""
        wishes = [wish for wish in reversed(self._world.wishes) if self._world.fits(who, wish)]
        items = self._items(who, "/v1/requests?limit=100&fits=me")
        self.equal([item["id"] for item in items], [wish.id for wish in wishes], f"what fits {who}")
        for wish, face in zip(wishes, items, strict=True):
            self.equal(faces.differences(face, faces.public(wish), frozenset()), [], f"what {who} sees of what fits")

    def _list(self, who: str, path: str, wishes: list[Wish]) -> None:
        """Newest first, each as they may see it."""
        items = self._items(who, path)
        self.equal([item["id"] for item in items], [wish.id for wish in reversed(wishes)], f"what {who} lists")
        for wish, face in zip(reversed(wishes), items, strict=True):
            self.face(who, wish, face)

    def _tasks_of(self, who: str) -> None:
        own = [(task, wish) for wish in self._world.wishes for task in wish.tasks if task.who == who]
        own.sort(key=lambda pair: pair[0].accepted_at, reverse=True)
        items = self._items(who, "/v1/me/tasks?limit=100")
        expected = [_task_face(task) for task, _wish in own]
        self.equal([{key: item[key] for key in _TASK} for item in items], expected, f"the tasks of {who}")
        for (_task, wish), item in zip(own, items, strict=True):
            self.face(who, wish, item["request"])

    def _invitations_of(self, who: str) -> None:
        wishes = {wish.id: wish for wish in self._world.wishes if _was_asked(who, wish)}
        items = self._items(who, "/v1/invitations?limit=100")
        shown = {item["request"]["id"]: (item["state"], item["asked_at"]) for item in items}
        own = {key: wish.invitations[who] for key, wish in wishes.items()}
        expected = {key: (i.state, faces.instant(i.asked_at)) for key, i in own.items()}
        self.equal(shown, expected, f"the invitations of {who}")
        for item in items:
            wish = wishes[item["request"]["id"]]
            differs = faces.differences(item["request"], faces.public(wish), frozenset())
            self.equal(differs, [], f"what {who} was asked for")

    def _items(self, who: str, path: str) -> list[Shown]:
        reply = self._troupe.people[who].get(path)
        self.equal(reply.status_code, 200, f"the status of {path}", reply)
        foreign = [wish for wish in self._world.wishes if wish.requester != who]
        self.holds_no_secrets(reply.text, foreign, f"what {who} lists")
        items: list[Shown] = reply.json["items"]
        return items

    def _version(self, wish: Wish, face: Shown) -> None:
        """It never falls, and it rises with everything that all can see."""
        seen = {key: face[key] for key in faces.PUBLIC - {"version"}}
        version, before = self._versions.get(wish.id, (0, {}))
        rises = face["version"] > version or (face["version"] == version and seen == before)
        self.equal(rises, True, f"whether the version of {wish.number} rises from {version}")
        self._versions[wish.id] = (face["version"], seen)


_TASK = ("id", "state", "accepted_at", "ended_at")


def _task_face(task: Task) -> Shown:
    return {
        "id": task.id,
        "state": task.state,
        "accepted_at": faces.instant(task.accepted_at),
        "ended_at": faces.instant(task.ended_at),
    }


def _was_asked(who: str, wish: Wish) -> bool:
    return who in wish.invitations and wish.invitations[who].asked_at is not None
