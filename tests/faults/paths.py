"""Every request has lived as the table of its states allows; its counters say what is there."""

from collections.abc import Iterator

from models import Event, HelpRequest
from models.lifecycle import REQUEST, START, AssignmentState, RequestState
from nachbarschaft.bootstrap import Wiring
from tests.faults.evidence import Evidence, Finding, Kind
from tests.support.invariants import require_sound

_ACTIONS = {
    "request_opened": ("post",),
    "accepted": ("accept",),
    "withdrawn": ("withdraw",),
    "released": ("release",),
    "no_show": ("release",),
    "task_done": ("finish_own",),
    "task_undone": ("undo",),
    "request_done": ("finish", "finish_own", "withdraw", "release", "expire"),
    "request_cancelled": ("cancel",),
    "request_expired": ("expire", "withdraw", "release"),
    "request_filled": ("expire",),
    "request_undone": ("undo",),
    "request_edited": ("edit",),
    "need_confirmed": ("confirm_need",),
}
"""What each kind of event may have been; other events move nothing."""
_ENDS = {"request_done": "done", "request_cancelled": "cancelled", "request_expired": "expired"}


def lives_are_paths(evidence: Evidence) -> Iterator[Finding]:
    """Each request's events, one after the other, lead from the start to the state it is in."""
    for request in evidence.rows.requests:
        possible = {START}
        for event in evidence.rows.events_by_request.get(request.id, []):
            followed = _followed(event, possible)
            if not followed:
                yield Finding(Kind.BROKEN, f"request {request.id}: {event.kind} from {sorted(possible)}")
                break
            possible = followed
        else:
            if request.state not in possible:
                yield Finding(Kind.BROKEN, f"request {request.id} is {request.state}; its events lead to {possible}")


def _followed(event: Event, possible: set[str]) -> set[str]:
    """The states that may follow. An event that names a state, before or after, leaves only what fits."""
    if event.kind not in _ACTIONS:
        return possible
    before = event.data.get("before")
    sources = possible if before is None else possible & {before}
    targets = {
        target for action in _ACTIONS[event.kind] for state in sources for target in REQUEST.targets(action, state)
    }
    said = _ENDS.get(event.kind) or event.data.get("state")
    return targets if said is None else targets & {said}


def counters_are_right(wiring: Wiring) -> Iterator[Finding]:
    """What must always be true of the database (`tests.support.invariants`)."""
    try:
        require_sound(wiring)
    except AssertionError as error:
        yield from (Finding(Kind.BROKEN, line) for line in str(error).splitlines() if ": (" in line)


def helpers_are_counted(evidence: Evidence) -> Iterator[Finding]:
    """As many have said yes and not given it back as the request counts, and never more than it needs."""
    for request in evidence.rows.requests:
        helping = [
            task.person_id
            for task in evidence.rows.assignments
            if task.request_id == request.id and task.state in {AssignmentState.ACTIVE, AssignmentState.DONE}
        ]
        if len(set(helping)) != len(helping):
            yield Finding(Kind.BROKEN, f"somebody helps twice with {request.id}")
        if len(helping) > request.people_needed:
            yield Finding(Kind.BROKEN, f"{len(helping)} help with {request.id}, and {request.people_needed} are needed")
        if _is_running(request) and len(helping) != request.people_accepted:
            yield Finding(Kind.BROKEN, f"{request.id} counts {request.people_accepted} helpers of {len(helping)}")


def due_once_was_done_once(evidence: Evidence) -> Iterator[Finding]:
    """What fell due once for the scheduler happened once: one wave more, or the end."""
    for key in evidence.history.owed_once:
        kinds = [
            event.kind
            for request, events in evidence.rows.events_by_request.items()
            if str(request) == key
            for event in events
        ]
        waves, ends = kinds.count("wave_asked"), kinds.count("request_expired")
        if (waves, ends) not in {(2, 0), (1, 1)}:
            kind = Kind.LOST if waves + ends < 2 else Kind.BROKEN
            yield Finding(kind, f"request {key}: one thing fell due; there are {waves} waves and {ends} ends")


def _is_running(request: HelpRequest) -> bool:
    return request.state in {RequestState.OPEN, RequestState.FILLED}
