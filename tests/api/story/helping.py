"""How help is offered, asked for, given, given back and settled."""

from tests.api.story.cast import ELSEWHERE, HOME, Cast, wishing


def offering(cast: Cast) -> None:
    slots = [{"weekday": 2, "from": "09:00", "until": "18:30"}, {"weekday": 5, "from": "20:00", "until": "24:00"}]
    mine = cast.volunteer.offer(
        categories=["shopping", "errand"],
        languages=["de", "ar"],
        availability=slots,
        has_car=False,
        place={"lat": 51.5302, "lon": 7.1561},
    )
    cast.friend.offer(categories=["shopping", "digital"])
    body = {"categories": ["visit"], "languages": [], "availability": [], "reach": "quarter", "tasks_per_week": 1}
    cast.volunteer.post("/v1/offers", body)
    path = f"/v1/offers/{mine['id']}"
    cast.volunteer.patch(path, {"reach": "neighbours", "paused_until": None}, If_Match="*")
    cast.volunteer.get("/v1/offers")
    cast.volunteer.get(path)
    cast.volunteer.register_phone()
    cast.volunteer.put("/v1/me/available-now", {"until": cast.town.in_hours(24)})
    cast.volunteer.put("/v1/me/available-now", {"until": cast.town.in_hours(2)})
    cast.volunteer.delete("/v1/me/available-now")


def asking(cast: Cast) -> None:
    wish = {
        "public_note": "Two bags from the supermarket",
        "private_note": "Please ring twice",
        "languages": ["de"],
        "phone": "+49 2323 1234567",
        "urgent": True,
        "people_needed": 1,
    }
    cast.request = cast.resident.ask(place=HOME, **wish)
    cast.resident.post("/v1/requests", wishing(cast, place=ELSEWHERE))
    cast.resident.patch(cast.path(), {"private_note": "The bell sticks, please knock"}, If_Match="*")
    cast.resident.patch(cast.path(), {"place": ELSEWHERE}, If_Match="*")
    cast.volunteer.patch(cast.path(), {"urgent": False}, If_Match="*")
    cast.volunteer.get("/v1/invitations")
    for reader in (cast.resident, cast.volunteer, cast.coordinator):
        reader.get(cast.path())
    cast.resident.get("/v1/requests?mine=true")
    cast.volunteer.get("/v1/requests?state=open")


def helping(cast: Cast) -> None:
    cast.friend.act(cast.request, "standby")
    cast.volunteer.act(cast.request, "contact")
    cast.volunteer.act(cast.request, "withdraw")
    cast.volunteer.act(cast.request, "accept")
    cast.town.enter("helper", cast.volunteer)
    cast.volunteer.get(cast.path())
    cast.volunteer.act(cast.request, "contact")
    cast.coordinator.act(cast.request, "contact", {"reason": "She called and asked who is coming"})
    cast.volunteer.get("/v1/me/tasks")
    for action in ("accept", "decline", "standby"):
        cast.volunteer.act(cast.request, action)
    cast.friend.act(cast.request, "accept")
    for reader in (cast.resident, cast.coordinator):
        reader.get(cast.path("/dispatch"))
    cast.resident.get(cast.path("/views"))
    cast.resident.get(cast.path())


def giving_back(cast: Cast) -> None:
    cast.resident.act(cast.request, "still-needed")
    cast.volunteer.act(cast.request, "withdraw")
    cast.resident.act(cast.request, "still-needed", {"needed_until": cast.town.in_hours(20)})
    cast.friend.act(cast.request, "accept")
    cast.resident.act(cast.request, "release", {"person": cast.friend.id, "reason": "My son is coming after all"})
    cast.volunteer.act(cast.request, "accept")


def settling(cast: Cast) -> None:
    cast.volunteer.act(cast.request, "done", {"minutes": 40, "expenses_cents": 1250})
    for action in ("done", "cancel", "release", "still-needed"):
        cast.resident.act(cast.request, action)
    cast.friend.act(cast.request, "accept")
    cast.friend.act(cast.request, "standby")
    cast.resident.patch(cast.path(), {"urgent": False}, If_Match="*")
    cast.volunteer.act(cast.request, "undo")
    cast.volunteer.act(cast.request, "done")
    other = cast.resident.ask(category="visit", place=HOME)
    cast.volunteer.act(other, "accept")
    cast.volunteer.act(other, "standby")
    cast.volunteer.act(other, "decline")
    cast.resident.act(other, "cancel")
    cast.resident.act(other, "undo")
    cast.resident.act(other, "cancel")
    cast.town.clock.forward(minutes=11)
    cast.resident.act(other, "undo")


def too_much(cast: Cast) -> None:
    wishes = [cast.resident.ask(place=HOME) for _ in range(5)]
    cast.resident.post("/v1/requests", wishing(cast, place=HOME))
    for wish in wishes[:4]:
        cast.friend.act(wish, "accept")
    cast.town.change_person(cast.resident, protected_address=True)
    cast.friend.act(wishes[0], "contact")
    cast.town.change_person(cast.resident, protected_address=False)
    cast.request = wishes[4]
