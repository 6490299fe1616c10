"""What coordinators and operators do, and what goes wrong for everybody."""

from tests.api.story.cast import HERE, HOME, NOBODY, Cast, wishing


def confirming(cast: Cast) -> None:
    """The first tasks of somebody whom nobody has met yet wait for the coordinator's word."""
    office = {"name": "Stadtteilbüro Blumenthal", "phone": "+49 2323 161234", "hours": "Mo–Fr 9–16"}
    closed = {"from": "2026-12-24", "until": "2027-01-01", "reason": "Winter break"}
    change = {"confirm_first_tasks": 2, "contact": office, "closures": [closed]}
    cast.coordinator.patch(f"{HERE}/settings", change, If_Match="*")
    cast.coordinator.get(f"{HERE}/settings")
    for action in ("accept", "contact"):
        cast.volunteer.act(cast.request, action)
    cast.resident.act(cast.request, "confirm")
    cast.coordinator.act(cast.request, "confirm", {"person": cast.volunteer.id})


def taking_down(cast: Cast) -> None:
    """Somebody without a phone of their own calls the office."""
    caller = {"name": "Hannelore Brinkmann", "phone": "02323 123456", "address": HOME["address"], "language": "de"}
    consent = {"given_at": cast.town.in_hours(-1), "text_version": "2026-05"}
    told = {"on_behalf_of": caller, "consent": consent, "channel": "phone"}
    cast.coordinator.post(f"{HERE}/requests", wishing(cast, public_note="Zwei Tüten vom Supermarkt", **told))


def coordinating(cast: Cast) -> None:
    boss = cast.coordinator
    boss.get(f"{HERE}/members")
    boss.post(f"{HERE}/members/{cast.volunteer.id}/verify", {"level": "known", "seen_on": "2026-06-09"})
    boss.get(f"{HERE}/activity")
    cast.resident.get(f"{HERE}/members")
    boss.get(f"{HERE}/statistics?by=category")


def leaving(cast: Cast) -> None:
    """Somebody takes their data along, and goes."""
    own = "Rosen im Garten nebenan"
    me = cast.town.neighbour("Jonas Weber", email="jonas@example.org", password=own)
    me.get("/v1/me/export")
    for password in ("not this one", own):
        cast.town.call("DELETE", "/v1/me", {"password": password}, token=me.token)


def running(cast: Cast) -> None:
    for job in ("expire-requests", "send-waves", "deliver-pushes"):
        cast.town.run(job)
    cast.town.call("GET", "/health/live")
    cast.town.call("GET", "/health/ready")


def going_wrong(cast: Cast) -> None:
    town, me = cast.town, cast.resident
    town.call("GET", "/v1/me")
    me.get(f"/v1/requests/{NOBODY}")
    me.post("/v1/requests", {"category": "skydiving", "needed_from": "tomorrow", "urgnet": True})
    town.raw("POST", "/v1/auth/sign-in", '{"login": ')
    town.raw("POST", "/v1/auth/sign-in", "login=irmgard", "application/x-www-form-urlencoded")
    town.raw("POST", "/v1/auth/sign-in", '{"login": "' + "x" * 70_000 + '"}')
    me.patch("/v1/me", {"language": "en"})
    me.patch("/v1/me", {"language": "en"}, If_Match='"yesterday"')
    for minutes in (10, 20):
        cast.volunteer.post(cast.path("/done"), {"minutes": minutes}, Idempotency_Key="one-key-per-action")
    town.clock.forward(minutes=16)
    me.patch("/v1/me", {"home": None}, If_Match="*")
