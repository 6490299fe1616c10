"""A scenario for every row of the invitation's table; the invitation is the first volunteer's."""

from models.lifecycle import START
from tests.api.rows import Made, Moves, Tried, Tries
from tests.api.states import Walk, asked, does, filled, in_turn, joins, posts, runs, waits

_standing_by = in_turn(asked, does("first", "standby"))
_declined = in_turn(asked, does("first", "decline"))
_given_back = in_turn(filled, does("first", "withdraw"))
_lapsed = in_turn(asked, does("second", "accept"))
_lapsed_and_open = in_turn(_lapsed, joins("third"), does("second", "withdraw"))
_not_asked = in_turn(posts(), joins("first"))

_REACHED: dict[str, Walk] = {
    "asked": asked,
    "standby": _standing_by,
    "declined": _declined,
    "lapsed": _lapsed_and_open,
    "accepted": _given_back,
}


def _accepts(state: str) -> Made:
    others = ("third: settled",) if state == "lapsed" else ("second: settled",)
    told = ("requester: filled", *others)
    walk = _REACHED[state]
    return Made(walk, does("first", "accept"), ("accepted",), told)


MOVES: Moves = {
    ("ask", START, "asked"): Made(joins("first"), posts(), ("request_opened", "wave_asked"), ("first: asked",)),
    ("decline", START, "declined"): Made(_not_asked, does("first", "decline"), ("declined",)),
    ("standby", START, "standby"): Made(_not_asked, does("first", "standby"), ("stands_by",)),
    **{("accept", state, "accepted"): _accepts(state) for state in _REACHED},
    **{
        ("decline", state, "declined"): Made(walk, does("first", "decline"), ("declined",))
        for state, walk in _REACHED.items()
    },
    **{
        ("standby", state, "standby"): Made(walk, does("first", "standby"), ("stands_by",))
        for state, walk in _REACHED.items()
    },
    ("ask", "standby", "asked"): Made(
        in_turn(_standing_by, does("second", "accept"), joins("third")),
        does("second", "withdraw"),
        ("withdrawn", "wave_asked"),
        ("first: asked_standby", "requester: helper_withdrew"),
    ),
    ("ask", "lapsed", "asked"): Made(
        _lapsed,
        does("second", "withdraw"),
        ("withdrawn", "wave_asked"),
        ("first: asked_again", "requester: helper_withdrew"),
    ),
    ("settle", "asked", "lapsed"): Made(
        asked, does("second", "accept"), ("accepted",), ("first: settled", "requester: filled")
    ),
    ("settle", "standby", "lapsed"): Made(
        _standing_by, does("requester", "cancel"), ("request_cancelled",), ("first: settled", "second: settled")
    ),
}

REFUSALS: Tries = {}

_next_wave = runs("send-waves")
RESTS: Tries = {
    **{
        ("ask", state): Tried(in_turn(walk, joins("third"), waits(hours=1)), _next_wave)
        for state, walk in _REACHED.items()
        if state not in {"standby", "lapsed"}
    },
    **{
        ("settle", state): Tried(walk, does("requester", "cancel"))
        for state, walk in _REACHED.items()
        if state not in {"asked", "standby"}
    },
}
