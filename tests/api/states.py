"""Walks requests, assignments and invitations into any state, through the HTTP surface and the jobs alone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nachbarschaft.services.people import Appointment, appoint
from tests.support.town import PASSWORD, Neighbour, Reply, Town

STATUSES = {
    "accept": 201,
    "decline": 204,
    "standby": 204,
    "withdraw": 200,
    "done": 200,
    "cancel": 200,
    "still-needed": 200,
    "release": 200,
    "undo": 200,
    "contact": 200,
    "confirm": 200,
}
"""What each action answers where it works (contract, section 3: Status of actions)."""


class Scene:
    """One request in one town, and its people by the part they play: `requester`, `first`, `second`, …"""

    def __init__(self, town: Town, pool: list[Neighbour]) -> None:
        self.town = town
        self._pool = pool
        self.people: dict[str, Neighbour] = {}
        self.request: dict[str, Any] = {}

    def __getitem__(self, part: str) -> Neighbour:
        return self.people[part]

    def volunteers(self, *parts: str, **offer: Any) -> None:
        """They offer to go shopping. Whoever does so before the request is posted is asked at once."""
        for part in parts:
            self.resident(part).offer(**offer)

    def resident(self, part: str) -> Neighbour:
        """Somebody who has signed up and nothing else, until they have their part."""
        if part not in self.people:
            self.people[part] = self._pool.pop()
        return self[part]

    def coordinator(self, quarter: str = "blumenthal") -> Neighbour:
        """Somebody whom the operator appointed, and who has set their password with the code."""
        if "coordinator" not in self.people:
            self.people["coordinator"] = appointed(self.town, quarter)
        return self["coordinator"]

    def post(self, **more: Any) -> None:
        """The requester asks for help: shopping, from in one hour to in nine."""
        self.request = self.resident("requester").ask(**more)

    def try_to(self, part: str, action: str, body: Any = None) -> Reply:
        """One action, with whatever comes of it."""
        return self[part].act(self.request, action, body)

    def does(self, part: str, action: str, body: Any = None) -> Reply:
        """One action that works."""
        reply = self.try_to(part, action, body)
        assert reply.status_code == STATUSES[action], f"{part} {action}: {reply.text}"
        return reply

    def is_refused(self, part: str, action: str, body: Any = None) -> tuple[int, str]:
        """Status and code of an action that does not work."""
        reply = self.try_to(part, action, body)
        assert reply.status_code >= 400, f"{part} {action} works"
        return reply.status_code, reply.json["code"]

    def try_to_edit(self, **changes: Any) -> Reply:
        """The requester changes the request as they read it just now."""
        path = f"/v1/requests/{self.request['id']}"
        requester = self["requester"]
        return requester.patch(path, changes, If_Match=requester.get(path).headers["ETag"])

    def seen(self) -> dict[str, Any]:
        """The request as its requester sees it now."""
        return self["requester"].read(self.request)

    @property
    def state(self) -> str:
        return str(self.seen()["state"])


def appointed(town: Town, quarter: str) -> Neighbour:
    """A coordinator: appointed as the operator does it, signed in with the one-time code."""
    email = f"coordinator-of-{quarter}@example.org"
    with town.wiring.writing() as context:
        _person, code = appoint(context, Appointment(email, "Coordinator", quarter, [quarter], is_admin=False))
    reply = town.call("POST", "/v1/auth/codes/redeem", {"code": code, "password": PASSWORD})
    assert reply.status_code == 200, reply.text
    made = Neighbour(town, reply.json["person"], reply.json["session"], email)
    made.set_up_second_factor()
    return made


Walk = Callable[[Scene], object]
"""Leads a scene into a state."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One step, and whose it is: somebody's part, or nobody's where a job does it."""

    by: str | None
    what: Callable[[Scene], Reply | None]

    def __call__(self, scene: Scene) -> Reply | None:
        return self.what(scene)


def in_turn(*walks: Walk) -> Walk:
    """One walk after the other."""

    def walk(scene: Scene) -> None:
        for step in walks:
            step(scene)

    return walk


def joins(*parts: str) -> Walk:
    """New volunteers make their offers."""
    return lambda scene: scene.volunteers(*parts)


def waits(**how_long: float) -> Walk:
    """Time passes."""
    return lambda scene: scene.town.clock.forward(**how_long)


def posts(people_needed: int = 1) -> Deed:
    """The request is posted."""
    return Deed("requester", lambda scene: scene.post(people_needed=people_needed))


def does(part: str, action: str, body: Any = None) -> Deed:
    """`part` does `action`, and it works."""
    return Deed(part, lambda scene: scene.does(part, action, body))


def tries(part: str, action: str, body: Any = None) -> Deed:
    """`part` tries `action`, with whatever comes of it."""
    return Deed(part, lambda scene: scene.try_to(part, action, body))


def edits() -> Deed:
    """The requester changes what volunteers read."""
    return Deed("requester", lambda scene: scene.try_to_edit(public_note="Zwei Tüten"))


def releases(part: str, **more: Any) -> Deed:
    """The requester takes the task from `part`, and it works."""
    return Deed("requester", lambda scene: scene.does("requester", "release", {"person": scene[part].id} | more))


def tries_to_release(part: str, **more: Any) -> Deed:
    """The requester tries to take the task from `part`."""
    return Deed("requester", lambda scene: scene.try_to("requester", "release", {"person": scene[part].id} | more))


def runs(job: str) -> Deed:
    """A job of the timetable runs."""

    def run(scene: Scene) -> None:
        scene.town.run(job)

    return Deed(None, run)


asked = in_turn(joins("first", "second"), posts())
"""Open: one is needed, and the first and the second volunteer have been asked."""

helped = in_turn(joins("first", "second"), posts(2), does("first", "accept"))
"""Open: of two who are needed the first has said yes, and the second is asked."""

filled = in_turn(asked, does("first", "accept"))
"""Filled: the first helps, and for the second it is settled."""

filled_by_two = in_turn(helped, does("second", "accept"))
"""Filled: two were needed and two help."""

half_done = in_turn(filled_by_two, does("first", "done"))
"""Filled: the first has finished, the second still helps."""

finished = in_turn(filled, does("first", "done"))
"""Done, by the only helper."""

called_off = in_turn(filled, does("requester", "cancel"))
"""Cancelled while the first was helping."""

overdue = waits(hours=10)
"""The time for which help was needed passes."""

withdrawn_late = in_turn(filled, overdue, does("first", "withdraw"))
"""Expired: the only helper gave back when the time was over."""

run_out = in_turn(asked, waits(hours=7), runs("expire-requests"), waits(hours=3), runs("expire-requests"))
"""Expired: nobody said yes, the requester was warned, and the time passed."""

asked_about = in_turn(waits(days=3), runs("close-forgotten"), waits(hours=72))
"""Both sides were asked how it ended, and have had the time to answer."""
