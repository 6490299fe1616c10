"""What could be filled by whoever knew every answer beforehand: a maximum matching of requests and willing people."""

from collections.abc import Iterator

from nachbarschaft.matching.eligibility import is_near_enough
from nachbarschaft.matching.facts import Fit
from nachbarschaft.matching.policy import Policy
from nachbarschaft.simulation.asking import number_of
from nachbarschaft.simulation.behaviour import Minds
from nachbarschaft.simulation.city import Call, City, Volunteer
from nachbarschaft.simulation.customs import DAY, HOUR, NIGHT_BEGINS, NIGHT_ENDS, WEEK

Place = tuple[int, int]
"""A volunteer and a calendar week: as many tasks fit there as the volunteer takes in a week."""


def bound(city: City, minds: Minds, policy: Policy, *, crosses: bool) -> set[int]:
    """The numbers of the requests that a best possible assignment fills.

    A request goes with everybody who would have said yes at some allowed moment, untired, and turned up. The limit of
    tasks holds for calendar weeks, which allow no less than the sliding ones of a run: no run can fill more.
    """
    edges: dict[int, list[Place]] = {}
    for call in city.calls:
        weeks = range(int(call.posted // WEEK), int(call.ends // WEEK) + 1)
        willing = [
            volunteer.number
            for volunteer, fit in _reached(city, call, policy, crosses=crosses)
            if minds.shows_up(volunteer, call) and _would(minds, volunteer, call, fit)
        ]
        edges[call.number] = [(who, week) for who in willing for week in weeks]
    room = {volunteer.number: volunteer.candidate.tasks_per_week for volunteer in city.volunteers}
    return matching(edges, room)


def _reached(city: City, call: Call, policy: Policy, *, crosses: bool) -> Iterator[tuple[Volunteer, Fit]]:
    for fit in city.fits(call):
        own = fit.candidate.quarter_id == call.need.quarter_id
        if own or (crosses and is_near_enough(call.need, fit.candidate, policy)):
            yield city.volunteers[number_of(fit.candidate)], fit


def matching(edges: dict[int, list[Place]], room: dict[int, int]) -> set[int]:
    """The largest set of requests that fit, each into one of its places, `room` a place (augmenting paths)."""
    held: dict[Place, list[int]] = {}
    spent: set[Place] = set()
    return {call for call in edges if _placed(call, edges, room, held, spent)}


def _placed(
    call: int, edges: dict[int, list[Place]], room: dict[int, int], held: dict[Place, list[int]], spent: set[Place]
) -> bool:
    """Breadth first for a place with room. What a search in vain has seen never leads to one again: `spent`."""
    came: dict[Place, tuple[int, Place | None]] = {}
    row: list[tuple[int, Place | None]] = [(call, None)]
    for asking, source in row:
        for place in edges[asking]:
            if place in came or place in spent:
                continue
            came[place] = (asking, source)
            holding = held.setdefault(place, [])
            if len(holding) < room[place[0]]:
                _shift(place, came, held)
                return True
            row.extend((other, place) for other in holding)
    spent.update(came)
    return False


def _shift(place: Place, came: dict[Place, tuple[int, Place | None]], held: dict[Place, list[int]]) -> None:
    target: Place | None = place
    while target is not None:
        moving, source = came[target]
        held[target].append(moving)
        if source is not None:
            held[source].remove(moving)
        target = source


def _would(minds: Minds, volunteer: Volunteer, call: Call, fit: Fit) -> bool:
    chance, draw = minds.leaning(volunteer, call)
    if draw >= chance * minds.best_moment:
        return False
    delay = minds.delay(volunteer, call)
    pushed = (at for at in _moments(call, volunteer, delay) if _has_time(fit, volunteer, at))
    looked = (at for at in volunteer.opens if call.posted <= at < call.ends and _has_time(fit, volunteer, at))
    return any(draw < chance * minds.moment(volunteer, at) for moments in (pushed, looked) for at in moments)


def _moments(call: Call, volunteer: Volunteer, delay: float) -> list[float]:
    """Moments of a push, one of each kind, whose yes would come in time."""
    last = call.ends - delay
    hours = [hour * HOUR for hour in range(int(call.posted // HOUR) + 1, int(max(last, 0) // HOUR) + 1)]
    starts = [start for start, _ in volunteer.free]
    found = [at for at in (call.posted, *hours, *starts) if call.posted <= at < last]
    return [at for at in found if call.need.urgent or NIGHT_ENDS <= at % DAY / HOUR < NIGHT_BEGINS]


def _has_time(fit: Fit, volunteer: Volunteer, at: float) -> bool:
    """Whether the product may take them to be available at some time of the need, or they have time just then."""
    return fit.openings is None or bool(fit.openings) or any(start <= at < end for start, end in volunteer.free)
