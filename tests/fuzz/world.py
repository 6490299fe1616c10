"""A served town for fuzzers: people of each role, and things of each kind that their calls can reach."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from uuid import UUID

from models import SignInSession
from nachbarschaft.services.people import Appointment, appoint
from tests.support.databases import Databases
from tests.support.processes import Processes
from tests.support.served import LiveTown, asking
from tests.support.town import Neighbour

ROLES = ("anonymous", "resident", "volunteer", "coordinator")
QUARTER = "blumenthal"


@dataclass
class World:
    """Everything that a fuzzer may meet; each caller gets a sign-in of their own, for some calls end it."""

    town: LiveTown
    base_url: str
    people: dict[str, Neighbour]
    ids: dict[str, list[str]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def headers(self, role: str, *, anew: bool) -> dict[str, str]:
        """How somebody of that role calls, second factor and all; `anew` with a sign-in that the call may end."""
        if role == "anonymous":
            return {}
        if anew or role not in self.tokens:
            device = self.town.another_device(self.people[role])
            self._show_second_factor(device)
            self.tokens[role] = device.token
        return {"Authorization": f"Bearer {self.tokens[role]}"}

    def renew(self) -> None:
        """Makes things of each kind anew: what the last operation ended must not end the tests of the next."""
        self._sign_in_anew()
        resident, volunteer, coordinator = (self.people[role] for role in ROLES[1:])
        open_one = resident.post("/v1/requests", asking(self.town, people_needed=2)).json
        taken = coordinator.post("/v1/requests", asking(self.town, people_needed=1)).json
        volunteer.act(taken, "accept")
        offers = volunteer.get("/v1/offers").json["items"]
        self.ids = {
            "id": [
                open_one["id"],
                taken["id"],
                *(offer["id"] for offer in offers),
                *(notice["id"] for person in self.people.values() for notice in person.inbox()[:2]),
            ],
            "person": [person.id for person in self.people.values()],
            "slug": [QUARTER, "forellquartier"],
            "installation": ["installation-0"],
        }

    def end(self) -> None:
        """Calls off what `renew` has opened: nobody may have more than a few."""
        self._sign_in_anew()
        for role in ("resident", "coordinator"):
            for request in self.people[role].get("/v1/requests?mine=true&state=open&limit=100").json["items"]:
                self.people[role].act(request, "cancel")
            for request in self.people[role].get("/v1/requests?mine=true&state=filled&limit=100").json["items"]:
                self.people[role].act(request, "done")

    def _sign_in_anew(self) -> None:
        """What was called meanwhile may have ended every sign-in there was."""
        self.tokens.clear()
        self.people = {role: self.town.another_device(person) for role, person in self.people.items()}

    def _show_second_factor(self, device: Neighbour) -> None:
        with self.town.wiring.writing() as context:
            session = context.session.get_one(SignInSession, UUID(str(device.session["session_id"])))
            session.second_factor_at = datetime.now(UTC)


class ServedWorld:
    """A world under the real `nachbarschaft api`, on a database of its own."""

    def __init__(self, databases: Databases, system: str, folder: Path) -> None:
        self._databases, self._system, self._folder = databases, system, folder
        self._stack = ExitStack()

    def __enter__(self) -> World:
        url = self._stack.enter_context(self._databases.fresh(self._system))
        processes = self._stack.enter_context(Processes(url, self._folder, RATE_LIMITS="off"))
        api = processes.api()
        town = self._stack.enter_context(LiveTown(url, self._folder))
        return World(town, f"http://127.0.0.1:{api.port}", _people(town))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)


def _people(town: LiveTown) -> dict[str, Neighbour]:
    resident, coordinator = town.residents(2)
    (volunteer,) = town.volunteers(1)
    with town.wiring.writing() as context:
        appoint(context, Appointment(coordinator.email, "Coordinator", None, [QUARTER], is_admin=True))
    return {"resident": resident, "volunteer": volunteer, "coordinator": coordinator}
