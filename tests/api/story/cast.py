"""Who acts in the story, and what the chapters hand on."""

from dataclasses import dataclass, field
from typing import Any

from nachbarschaft.services.people import Appointment, appoint
from tests.api.storybook import Storybook
from tests.support.town import PASSWORD, Neighbour

HOME = {"lat": 51.53, "lon": 7.156, "address": "Wilhelmstraße 5, 44649 Herne"}
ELSEWHERE = {"lat": 52.52, "lon": 13.405, "address": "Alexanderplatz 1, 10178 Berlin"}
NOBODY = "00000000-0000-7000-8000-000000000000"
HERE = "/v1/quarters/blumenthal"


@dataclass
class Cast:
    """Who is there, and the request that it is all about."""

    town: Storybook
    resident: Neighbour
    volunteer: Neighbour
    friend: Neighbour
    coordinator: Neighbour
    request: dict[str, Any] = field(default_factory=dict)

    def path(self, action: str = "") -> str:
        """Where the request is."""
        return f"/v1/requests/{self.request['id']}{action}"


def assemble(town: Storybook) -> Cast:
    """Everybody signs up; the coordinator was appointed, and sets a password with a one-time code."""
    resident, volunteer, friend = (
        town.neighbour(name, email=f"{name.split()[0].lower()}@example.org", notice_version="2026-05")
        for name in ("Irmgard Kowalski", "Mehmet Aydın", "Samira Haddad")
    )
    boss = Appointment("tobias@example.org", "Tobias Lindner", None, ["blumenthal"], is_admin=False)
    with town.wiring.writing() as context:
        _person, code = appoint(context, boss)
    body = {"code": code, "password": PASSWORD}
    redeemed = town.call("POST", "/v1/auth/codes/redeem", body).json
    town.call("POST", "/v1/auth/codes/redeem", body)
    coordinator = Neighbour(town, redeemed["person"], redeemed["session"], boss.email)
    return Cast(
        town,
        town.enter("resident", resident),
        town.enter("volunteer", volunteer),
        town.enter("friend", friend),
        town.enter("coordinator", coordinator),
    )


def wishing(cast: Cast, **more: Any) -> dict[str, Any]:
    """The body of a request that may be refused."""
    window = {"needed_from": cast.town.in_hours(1), "needed_until": cast.town.in_hours(9)}
    return {"category": "shopping", **window, **more}
