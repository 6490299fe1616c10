"""A scenario for every row of the assignment's table; the assignment is the first volunteer's."""

from models.lifecycle import START
from tests.api.rows import Made, Moves, Tried, Tries
from tests.api.states import (
    asked,
    asked_about,
    called_off,
    does,
    filled,
    filled_by_two,
    finished,
    half_done,
    in_turn,
    releases,
    runs,
    tries,
    tries_to_release,
)

_withdrawn = in_turn(filled_by_two, does("first", "withdraw"))
_released = in_turn(filled_by_two, releases("first"))
_no_show = in_turn(filled_by_two, releases("first", no_show=True))

ENDED = {"done": half_done, "withdrawn": _withdrawn, "released": _released, "no_show": _no_show}
"""The second volunteer still helps, so the request itself is not over."""

MOVES: Moves = {
    ("accept", START, "active"): Made(
        asked, does("first", "accept"), ("accepted",), ("requester: filled", "second: settled")
    ),
    ("done", "active", "done"): Made(filled, does("first", "done"), ("request_done",), ("requester: helper_done",)),
    ("assume_done", "active", "done"): Made(
        in_turn(filled, asked_about),
        runs("close-forgotten"),
        ("request_done",),
        ("first: task_assumed_done", "requester: assumed_done"),
    ),
    ("withdraw", "active", "withdrawn"): Made(
        filled,
        does("first", "withdraw"),
        ("withdrawn", "wave_asked"),
        ("requester: helper_withdrew", "second: asked_again"),
    ),
    ("release", "active", "released"): Made(
        filled, releases("first"), ("released", "wave_asked"), ("first: released", "second: asked_again")
    ),
    ("cancel", "active", "released"): Made(
        filled, does("requester", "cancel"), ("request_cancelled",), ("first: request_cancelled",)
    ),
    ("no_show", "active", "no_show"): Made(
        filled,
        releases("first", no_show=True),
        ("no_show", "wave_asked"),
        ("first: released", "second: asked_again"),
    ),
    ("undo", "done", "active"): Made(finished, does("first", "undo"), ("request_undone",), ("requester: undone",)),
    ("undo", "released", "active"): Made(
        called_off, does("requester", "undo"), ("request_undone",), ("first: reopened",)
    ),
}

REFUSALS: Tries = {
    **{("done", state): Tried(walk, tries("first", "done")) for state, walk in ENDED.items()},
    **{("withdraw", state): Tried(walk, tries("first", "withdraw")) for state, walk in ENDED.items()},
    **{("release", state): Tried(walk, tries_to_release("first")) for state, walk in ENDED.items()},
    **{("no_show", state): Tried(walk, tries_to_release("first", no_show=True)) for state, walk in ENDED.items()},
    ("accept", "active"): Tried(filled_by_two, tries("first", "accept")),
    ("accept", "done"): Tried(half_done, tries("first", "accept")),
    ("undo", "active"): Tried(filled_by_two, tries("first", "undo")),
    ("undo", "withdrawn"): Tried(_withdrawn, tries("first", "undo")),
    ("undo", "no_show"): Tried(_no_show, tries("first", "undo")),
}

_again = does("first", "accept")
RESTS: Tries = {
    ("accept", "withdrawn"): Tried(_withdrawn, _again),
    ("accept", "released"): Tried(_released, _again),
    ("accept", "no_show"): Tried(_no_show, _again),
    **{
        ("assume_done", state): Tried(in_turn(walk, asked_about), runs("close-forgotten"))
        for state, walk in ENDED.items()
    },
    **{("cancel", state): Tried(walk, does("requester", "cancel")) for state, walk in ENDED.items()},
}
