"""Whatever was answered is there, once; and what nobody answered is there once at most."""

from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from models import Event
from models.lifecycle import AssignmentState, RequestState
from nachbarschaft.services.pruning import UNSEEN_FOR
from nachbarschaft.services.repeating import KEPT
from tests.faults.evidence import Evidence, Finding, Kind
from tests.faults.history import Call

_EVENTS = {
    "ask": ("request_opened",),
    "accept": ("accepted",),
    "decline": ("declined",),
    "standby": ("stands_by",),
    "withdraw": ("withdrawn",),
    "cancel": ("request_cancelled",),
    "done": ("request_done", "task_done"),
    "offer": ("offer_made",),
}
"""What each keyed action leaves in the audit trail, once."""

Act = tuple[str, str, str]
"""Action, person, and the request where there is one."""


def effects_are_there(evidence: Evidence) -> Iterator[Finding]:
    """Each answered call has its one effect; two tries with one key never have two."""
    answered, unsure = Counter[Act](), Counter[Act]()
    for call in evidence.history.calls:
        if call.action in _EVENTS:
            answered[_act(call)] += call.succeeded
            unsure[_act(call)] += call.may_have_worked
    lived = (event for event in evidence.rows.events if event.at.timestamp() >= evidence.history.began_at)
    done = Counter(act for event in lived if (act := _act_of(event)) is not None)
    for act in answered.keys() | done.keys():
        name = f"{act[0]} by {act[1]} of {act[2] or 'their own'}"
        if done[act] < answered[act]:
            yield Finding(Kind.LOST, f"{name}: answered {answered[act]} times, happened {done[act]} times")
        if done[act] > answered[act] + unsure[act]:
            yield Finding(Kind.BROKEN, f"{name}: happened {done[act]} times, wanted {answered[act]} times")


def _act(call: Call) -> Act:
    return call.action, call.who, (call.about or "")


def _act_of(event: Event) -> Act | None:
    action = next((action for action, kinds in _EVENTS.items() if event.kind in kinds), None)
    if action is None or event.actor_id is None:
        return None
    about = "" if action in {"ask", "offer"} else str(event.request_id)
    return action, str(event.actor_id), about


def rows_are_there(evidence: Evidence) -> Iterator[Finding]:
    """What an answer named by its id stands there as the answer said."""
    people = {str(person.id) for person in evidence.rows.people}
    offers = {str(offer.id) for offer in evidence.rows.offers}
    for call in evidence.history.succeeded("sign_up"):
        yield from _missing(call, _json(call)["person"]["id"] in people)
    for call in evidence.history.succeeded("offer"):
        yield from _missing(call, _json(call)["id"] in offers)
    for call in evidence.history.succeeded("ask"):
        request = evidence.rows.request_by_id.get(UUID(_json(call)["id"]))
        same = request is not None and (str(request.requester_id), request.code_word) == (
            call.who,
            _json(call)["code_word"],
        )
        yield from _missing(call, same)
    tasks = {str(task.id): (str(task.person_id), str(task.request_id)) for task in evidence.rows.assignments}
    for call in evidence.history.succeeded("accept"):
        yield from _missing(call, tasks.get(_json(call)["id"]) == (call.who, call.about))


def ends_are_kept(evidence: Evidence) -> Iterator[Finding]:
    """A cancelled request is cancelled, a task that was given back or finished is so: nobody takes that back here."""
    rows = evidence.rows
    for call in evidence.history.succeeded("cancel"):
        request = rows.request_by_id.get(UUID(str(call.about)))
        yield from _missing(call, request is not None and request.state == RequestState.CANCELLED)
    ended = Counter((str(task.person_id), str(task.request_id), task.state) for task in rows.assignments)
    withdrawn = Counter((call.who, str(call.about)) for call in evidence.history.succeeded("withdraw"))
    for (who, about), times in withdrawn.items():
        if ended[who, about, AssignmentState.WITHDRAWN] < times:
            yield Finding(Kind.LOST, f"withdraw by {who} of {about}: the task is not given back")
    for call in evidence.history.succeeded("done"):
        request = rows.request_by_id.get(UUID(str(call.about)))
        own = ended[call.who, str(call.about), AssignmentState.DONE] > 0
        yield from _missing(call, own or (request is not None and request.state == RequestState.DONE))


def devices_are_kept(evidence: Evidence) -> Iterator[Finding]:
    """The last address that an installation told is the one that it has, unless Google knows it no more."""
    kept = {(str(device.person_id), device.installation): device.address for device in evidence.rows.devices}
    for (person, installation), told in evidence.history.addresses.items():
        unsure = [call for call in evidence.history.calls if call.action == "device" and call.who == person]
        if any(call.may_have_worked for call in unsure) or told[-1].is_dead:
            continue
        if kept.get((person, installation)) != told[-1].text:
            yield Finding(Kind.LOST, f"the address of {person}'s {installation}")


def looks_are_logged(evidence: Evidence) -> Iterator[Finding]:
    """Nobody has seen an address without a line in the log, and no line stands without its event."""
    history, rows = evidence.history, evidence.rows
    logged = Counter((str(view.viewer_id), str(view.request_id)) for view in rows.views)
    seen = Counter((call.who, str(call.about)) for call in history.succeeded("contact"))
    tried = Counter[tuple[str, str]]()
    for call in history.calls:
        if call.action == "contact":
            tried[call.who, str(call.about)] += call.broken_tries + call.succeeded
    for who, about in seen.keys() | logged.keys():
        if logged[who, about] < seen[who, about]:
            yield Finding(Kind.BROKEN, f"{who} saw the contact of {about} and {seen[who, about]} lines are missing")
        if logged[who, about] > tried[who, about]:
            yield Finding(Kind.BROKEN, f"{who} is said to have seen the contact of {about}, and has not")
    events = Counter(
        (str(event.actor_id), str(event.request_id)) for event in rows.events if event.kind == "contact_viewed"
    )
    for who, about in events.keys() ^ logged.keys():
        yield Finding(Kind.BROKEN, f"the looks of {who} at {about} and their events differ")


def nobody_saw_a_failure(evidence: Evidence) -> Iterator[Finding]:
    """A process that dies breaks connections; it never answers with an error of ours."""
    for call in evidence.history.calls:
        for one in call.tries:
            if one.reply is not None and one.reply.status_code >= 500:
                yield Finding(Kind.BROKEN, f"{call}: {one.reply.text[:200]}")


def one_answer_per_key(evidence: Evidence) -> Iterator[Finding]:
    """A call that was answered has its answer kept, byte by byte, under its key."""
    kept = {(str(answer.person_id), answer.route, answer.key): answer for answer in evidence.rows.answers}
    for call in evidence.history.calls:
        if call.key is None or call.action == "contact" or call.reply is None:
            continue
        answer = kept.get((call.who, f"POST {call.path}", call.key))
        if call.succeeded and answer is None:
            yield Finding(Kind.LOST, f"the kept answer of {call}")
        elif answer is not None and (answer.status, answer.body.decode()) != (call.reply.status_code, call.reply.text):
            yield Finding(Kind.BROKEN, f"{call}: another answer is kept, {answer.status}")


def old_things_are_forgotten(evidence: Evidence) -> Iterator[Finding]:
    """Where a scheduler has run, nothing is left that was promised to be forgotten."""
    if not evidence.history.owed_once:
        return
    now = max(event.at for event in evidence.rows.events)
    old_answers = sum(now - answer.created_at > KEPT for answer in evidence.rows.answers)
    old_devices = sum(now - device.seen_at > UNSEEN_FOR for device in evidence.rows.devices)
    for number, what in ((old_answers, "answers"), (old_devices, "devices")):
        if number:
            yield Finding(Kind.BROKEN, f"{number} {what} are kept longer than promised")


def _missing(call: Call, there: bool) -> Iterator[Finding]:
    if not there:
        yield Finding(Kind.LOST, f"the effect of {call}")


def _json(call: Call) -> Any:
    """What a call that succeeded was answered."""
    return call.reply.json if call.reply is not None else None
