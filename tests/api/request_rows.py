"""A scenario for every row of the request's table."""

from models.lifecycle import START
from tests.api.rows import Made, Moves, Tried, Tries
from tests.api.states import (
    Walk,
    asked,
    asked_about,
    called_off,
    does,
    edits,
    filled,
    filled_by_two,
    finished,
    half_done,
    helped,
    in_turn,
    joins,
    overdue,
    posts,
    releases,
    run_out,
    runs,
    tries,
    waits,
    withdrawn_late,
)

_nothing: Walk = in_turn()
_helped_with_a_third = in_turn(helped, joins("third"))
_filled_with_a_third = in_turn(filled, joins("third"))
_late = in_turn(filled, overdue)
_late_with_two = in_turn(filled_by_two, overdue)
_late_half_done = in_turn(half_done, overdue)
_three_needed = in_turn(
    joins("first", "second"), posts(3), does("first", "accept"), does("second", "accept"), waits(minutes=1)
)

MOVES: Moves = {
    ("post", START, "open"): Made(
        joins("first", "second"),
        posts(),
        ("request_opened", "wave_asked"),
        ("first: asked", "second: asked"),
    ),
    ("accept", "open", "open"): Made(
        in_turn(joins("first", "second"), posts(2)), does("first", "accept"), ("accepted",), ("requester: accepted",)
    ),
    ("accept", "open", "filled"): Made(
        asked, does("first", "accept"), ("accepted",), ("requester: filled", "second: settled")
    ),
    ("withdraw", "open", "open"): Made(
        _helped_with_a_third,
        does("first", "withdraw"),
        ("withdrawn", "wave_asked"),
        ("requester: helper_withdrew", "third: asked"),
    ),
    ("withdraw", "filled", "open"): Made(
        _filled_with_a_third,
        does("first", "withdraw"),
        ("withdrawn", "wave_asked"),
        ("requester: helper_withdrew", "third: asked"),
    ),
    ("withdraw", "filled", "filled"): Made(
        _late_with_two, does("first", "withdraw"), ("withdrawn",), ("requester: helper_withdrew",)
    ),
    ("withdraw", "filled", "done"): Made(
        _late_half_done, does("second", "withdraw"), ("withdrawn", "request_done"), ("requester: helper_withdrew",)
    ),
    ("withdraw", "filled", "expired"): Made(
        _late,
        does("first", "withdraw"),
        ("withdrawn", "request_expired"),
        ("requester: expired", "requester: helper_withdrew"),
    ),
    ("release", "open", "open"): Made(
        _helped_with_a_third, releases("first"), ("released", "wave_asked"), ("first: released", "third: asked")
    ),
    ("release", "filled", "open"): Made(
        _filled_with_a_third, releases("first"), ("released", "wave_asked"), ("first: released", "third: asked")
    ),
    ("release", "filled", "filled"): Made(_late_with_two, releases("first"), ("released",), ("first: released",)),
    ("release", "filled", "done"): Made(
        _late_half_done, releases("second"), ("released", "request_done"), ("second: released",)
    ),
    ("release", "filled", "expired"): Made(
        _late, releases("first"), ("released", "request_expired"), ("first: released", "requester: expired")
    ),
    ("finish_own", "open", "open"): Made(
        _three_needed, does("first", "done"), ("task_done",), ("requester: helper_done",)
    ),
    ("finish_own", "open", "done"): Made(
        helped, does("first", "done"), ("request_done",), ("requester: helper_done", "second: settled")
    ),
    ("finish_own", "filled", "filled"): Made(
        filled_by_two, does("first", "done"), ("task_done",), ("requester: helper_done",)
    ),
    ("finish_own", "filled", "done"): Made(
        half_done, does("second", "done"), ("request_done",), ("requester: helper_done",)
    ),
    ("finish", "open", "done"): Made(
        helped, does("requester", "done"), ("request_done",), ("first: request_done", "second: settled")
    ),
    ("finish", "filled", "done"): Made(
        filled_by_two, does("requester", "done"), ("request_done",), ("first: request_done", "second: request_done")
    ),
    ("assume_done", "filled", "done"): Made(
        in_turn(half_done, asked_about),
        runs("close-forgotten"),
        ("request_done",),
        ("requester: assumed_done", "second: task_assumed_done"),
    ),
    ("cancel", "open", "cancelled"): Made(
        helped, does("requester", "cancel"), ("request_cancelled",), ("first: request_cancelled", "second: settled")
    ),
    ("cancel", "filled", "cancelled"): Made(
        filled, does("requester", "cancel"), ("request_cancelled",), ("first: request_cancelled",)
    ),
    ("confirm_need", "open", "open"): Made(asked, does("requester", "still-needed"), ("need_confirmed",)),
    ("confirm_need", "expired", "open"): Made(
        in_turn(run_out, joins("third"), waits(hours=12)),
        does("requester", "still-needed", {"needed_until": "2026-06-11T18:00:00Z"}),
        ("need_confirmed", "wave_asked"),
        ("third: asked",),
    ),
    ("expire", "open", "expired"): Made(
        in_turn(asked, waits(hours=7), runs("expire-requests"), waits(hours=2)),
        runs("expire-requests"),
        ("request_expired",),
        ("first: settled", "requester: expired", "second: settled"),
    ),
    ("expire", "open", "filled"): Made(
        in_turn(helped, overdue),
        runs("expire-requests"),
        ("request_filled",),
        ("requester: filled_with_fewer", "second: settled"),
    ),
    ("undo", "done", "open"): Made(
        in_turn(helped, does("requester", "done")), does("requester", "undo"), ("request_undone",), ("first: reopened",)
    ),
    ("undo", "done", "filled"): Made(finished, does("first", "undo"), ("request_undone",), ("requester: undone",)),
    ("undo", "cancelled", "open"): Made(
        in_turn(helped, does("requester", "cancel")),
        does("requester", "undo"),
        ("request_undone",),
        ("first: reopened",),
    ),
    ("undo", "cancelled", "filled"): Made(
        called_off, does("requester", "undo"), ("request_undone",), ("first: reopened",)
    ),
    ("undo", "open", "open"): Made(
        in_turn(_three_needed, does("first", "done")), does("first", "undo"), ("task_undone",), ("requester: undone",)
    ),
    ("undo", "filled", "filled"): Made(half_done, does("first", "undo"), ("task_undone",), ("requester: undone",)),
    ("edit", "open", "open"): Made(helped, edits(), ("request_edited",), ("first: request_edited",)),
    ("edit", "filled", "filled"): Made(filled, edits(), ("request_edited",), ("first: request_edited",)),
}

_OVER = {"done": finished, "cancelled": called_off, "expired": withdrawn_late}
_ENDED_TRIES = {
    "accept": tries("second", "accept"),
    "withdraw": tries("first", "withdraw"),
    "release": tries("requester", "release"),
    "finish_own": tries("first", "done"),
    "finish": tries("requester", "done"),
    "cancel": tries("requester", "cancel"),
    "edit": edits(),
}

REFUSALS: Tries = {
    **{(action, state): Tried(walk, deed) for action, deed in _ENDED_TRIES.items() for state, walk in _OVER.items()},
    # By somebody who was not asked: of whoever was, it is kept that they said yes (`test_late_yes`).
    ("accept", "filled"): Tried(_filled_with_a_third, tries("third", "accept")),
    ("confirm_need", "filled"): Tried(filled, tries("requester", "still-needed")),
    ("confirm_need", "done"): Tried(finished, tries("requester", "still-needed")),
    ("confirm_need", "cancelled"): Tried(called_off, tries("requester", "still-needed")),
    ("undo", "expired"): Tried(withdrawn_late, tries("first", "undo")),
}

RESTS: Tries = {
    ("expire", state): Tried(in_turn(walk, waits(days=9)), runs("expire-requests"))
    for state, walk in ({"filled": filled} | _OVER | {"expired": run_out}).items()
} | {
    ("assume_done", state): Tried(in_turn(walk, asked_about), runs("close-forgotten"))
    for state, walk in ({"open": asked} | _OVER).items()
}
