"""Who may be asked and who may accept: each bar alone, just on either side of its edge."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.lifecycle import Verification
from nachbarschaft.geography.cells import distance_km
from nachbarschaft.matching.eligibility import (
    ACCEPT_BARS,
    Bar,
    accept_bars,
    bars,
    is_quiet,
    needs_rare_language,
    primary,
    reaches,
    speaks,
)
from nachbarschaft.matching.facts import Candidate, Habits, Need
from nachbarschaft.matching.policy import DEFAULT_POLICY
from nachbarschaft.matching.wallclock import Slot
from tests.nachbarschaft.matching.somebody import (
    CELL,
    FAR_AWAY,
    HERNE,
    NEXT_DOOR,
    NOON,
    a_candidate,
    a_need,
    cell_at,
)

Values = dict[str, Any]
NIGHT = datetime(2026, 6, 10, 21, 30, tzinfo=UTC)
"""23:30 in Herne."""


def found(need: Need, candidate: Candidate, now: datetime = NOON) -> set[Bar]:
    return set(bars(need, candidate, now, DEFAULT_POLICY))


def later(**more: float) -> datetime:
    return NOON + timedelta(**more)


def test_whoever_fits_in_every_way_may_be_asked() -> None:
    assert found(a_need(), a_candidate()) == set()


BARRED: dict[Bar, tuple[Values, Values, Values, Values]] = {
    # bar: what differs so that it holds (need, candidate), and so that it just does not (need, candidate)
    Bar.OWN: ({"requester_id": UUID(int=1)}, {}, {"requester_id": UUID(int=2)}, {}),
    Bar.CATEGORY: ({"category": "errand"}, {}, {"category": "errand"}, {"categories": frozenset({"errand", "pets"})}),
    Bar.REACH: (
        {},
        {"quarter_id": NEXT_DOOR, "adjoins": True, "reach": "quarter"},
        {},
        {"quarter_id": NEXT_DOOR, "adjoins": True, "reach": "neighbours"},
    ),
    Bar.VERIFICATION: (
        {"requires": "known"},
        {"verification": "new"},
        {"requires": "known"},
        {"verification": "known"},
    ),
    Bar.OFFER_PAUSED: ({}, {"offer_paused_until": later(seconds=1)}, {}, {"offer_paused_until": NOON}),
    Bar.DISTANCE: (
        {},
        {"quarter_id": NEXT_DOOR, "adjoins": True, "reach": "neighbours", "cell": cell_at(1.5)},
        {},
        {"quarter_id": NEXT_DOOR, "adjoins": True, "reach": "neighbours", "cell": cell_at(0.9)},
    ),
    Bar.LANGUAGE: (
        {"languages": frozenset({"tr"})},
        {},
        {"languages": frozenset({"tr"})},
        {"languages": frozenset({"de", "tr"})},
    ),
    Bar.AVAILABILITY: (
        {},
        {"availability": (Slot(2, "21:00", "22:00"),)},
        {},
        {"availability": (Slot(2, "20:30", "22:00"),)},
    ),
    Bar.PAUSED: ({}, {"paused_until": later(seconds=1)}, {}, {"paused_until": NOON}),
    Bar.QUIET: (
        {},
        {"quiet_from": "11:00", "quiet_until": "12:01"},
        {},
        {"quiet_from": "11:00", "quiet_until": "12:00"},
    ),
    Bar.BUSY: ({}, {"active_tasks": 3}, {}, {"active_tasks": 2}),
    Bar.TASKS_THIS_WEEK: ({}, {"tasks_this_week": 5}, {}, {"tasks_this_week": 4}),
    Bar.ASKS_THIS_WEEK: ({}, {"asks_this_week": 4}, {}, {"asks_this_week": 3}),
    Bar.PUSHES_TODAY: ({}, {"pushes_today": 5}, {}, {"pushes_today": 4}),
}


@pytest.mark.parametrize("bar", BARRED)
def test_each_bar_holds_alone_and_ends_at_its_edge(bar: Bar) -> None:
    need, candidate, free_need, free_candidate = BARRED[bar]
    assert found(a_need(**need), a_candidate(**candidate)) == {bar}
    assert found(a_need(**free_need), a_candidate(**free_candidate)) == set()


def test_the_table_above_holds_every_bar_but_the_night() -> None:
    assert set(BARRED) == set(Bar) - {Bar.NIGHT}


def test_at_night_nobody_is_asked_for_what_is_not_urgent_whatever_they_prefer() -> None:
    awake = a_candidate(quiet_from=None, quiet_until=None, urgent_at_night=True)
    assert found(a_need(), awake, NIGHT) == {Bar.NIGHT}
    assert found(a_need(urgent=True), awake, NIGHT) == set()


@pytest.mark.parametrize(("minute", "night"), [(-1, True), (0, False)])
def test_the_night_ends_at_seven_on_the_minute(minute: int, night: bool) -> None:
    seven = datetime(2026, 6, 11, 5, tzinfo=UTC) + timedelta(minutes=minute)
    need = a_need(needed_until=later(days=2))
    assert found(need, a_candidate(), seven) == ({Bar.NIGHT, Bar.QUIET} if night else set())


def test_accepting_is_barred_by_exactly_what_the_contract_lists() -> None:
    assert {"own", "category", "reach", "verification", "offer_paused"} == ACCEPT_BARS


@pytest.mark.parametrize("bar", BARRED)
def test_what_only_stops_asking_never_stops_accepting(bar: Bar) -> None:
    need, candidate, _, _ = BARRED[bar]
    expected = {bar} & ACCEPT_BARS
    assert accept_bars(a_need(**need), a_candidate(**candidate), NOON) == expected


def test_availability_counts_only_for_what_is_left_of_the_time() -> None:
    until_two = a_candidate(availability=(Slot(2, "08:00", "14:00"),))
    need = a_need(needed_from=later(hours=-4), needed_until=later(hours=8))
    assert found(need, until_two, later(minutes=90)) == set()
    assert found(need, until_two, later(minutes=91)) == {Bar.AVAILABILITY}


# --- Reach and distance -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quarter", "adjoins", "reach", "reached"),
    [
        ("here", False, "quarter", True),
        ("here", False, "neighbours", True),
        ("next_door", True, "quarter", False),
        ("next_door", True, "neighbours", True),
        ("far_away", False, "quarter", False),
        ("far_away", False, "neighbours", False),
    ],
)
def test_an_offer_reaches_its_own_quarter_and_those_that_adjoin_if_it_says_so(
    quarter: str, adjoins: bool, reach: str, reached: bool
) -> None:
    quarters = {"here": a_need().quarter_id, "next_door": NEXT_DOOR, "far_away": FAR_AWAY}
    candidate = a_candidate(quarter_id=quarters[quarter], adjoins=adjoins, reach=reach)
    assert reaches(candidate, a_need()) is reached


@pytest.mark.parametrize(
    ("km", "languages", "barred"),
    [
        (0.9, set(), False),
        (1.5, set(), True),
        (1.5, {"de"}, True),
        (1.5, {"en"}, True),
        (1.5, {"tr", "de"}, True),
        (1.5, {"tr"}, False),
        (2.2, {"tr"}, False),
        (2.8, {"tr"}, True),
    ],
)
def test_from_the_next_quarter_it_is_1200_metres_and_2500_where_a_rare_language_is_needed(
    km: float, languages: set[str], barred: bool
) -> None:
    neighbour = a_candidate(
        quarter_id=NEXT_DOOR,
        adjoins=True,
        reach="neighbours",
        cell=cell_at(km),
        languages=frozenset({"de", "en", "tr"}),
    )
    assert abs(distance_km(CELL, cell_at(km)) - km) < 0.25
    assert (Bar.DISTANCE in found(a_need(languages=frozenset(languages)), neighbour)) is barred


def test_within_the_own_quarter_no_distance_is_too_far() -> None:
    assert found(a_need(), a_candidate(cell=cell_at(20))) == set()


def test_without_a_known_place_nobody_in_reach_is_too_far() -> None:
    neighbour = a_candidate(quarter_id=NEXT_DOOR, adjoins=True, reach="neighbours", cell=cell_at(20))
    assert found(a_need(cell=None), neighbour) == set()


# --- Languages ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("needed", "spoken", "understood"),
    [
        (set(), {"tr"}, True),
        ({"de"}, {"de"}, True),
        ({"de-x-einfach"}, {"de"}, True),
        ({"de"}, {"de-x-einfach"}, True),
        ({"tr"}, {"de"}, False),
        ({"tr", "de"}, {"de"}, True),
        ({"zh-Hant-TW"}, {"zh-Hans"}, True),
        ({"de"}, set(), False),
    ],
)
def test_one_shared_language_is_enough_whatever_its_variant(
    needed: set[str], spoken: set[str], understood: bool
) -> None:
    need, candidate = a_need(languages=frozenset(needed)), a_candidate(languages=frozenset(spoken))
    assert speaks(need, candidate) is understood


def test_plain_german_is_no_rare_language() -> None:
    assert primary(frozenset({"de-x-einfach"})) == {"de"}
    assert not needs_rare_language(a_need(languages=frozenset({"de-x-einfach"})), DEFAULT_POLICY)
    assert needs_rare_language(a_need(languages=frozenset({"uk"})), DEFAULT_POLICY)
    assert not needs_rare_language(a_need(), DEFAULT_POLICY)


# --- Verification -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("requires", "enough"),
    [("none", {"new", "known", "certified"}), ("known", {"known", "certified"}), ("certified", {"certified"})],
)
def test_a_higher_verification_is_good_for_what_needs_less(requires: str, enough: set[str]) -> None:
    passing = {
        level.value
        for level in Verification
        if Bar.VERIFICATION not in found(a_need(requires=requires), a_candidate(verification=level.value))
    }
    assert passing == enough


# --- Urgent requests ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asks", "urgent", "barred"),
    [(3, False, False), (4, False, True), (4, True, False), (5, True, False), (6, True, True)],
)
def test_an_urgent_request_may_ask_twice_more_a_week(asks: int, urgent: bool, barred: bool) -> None:
    assert (Bar.ASKS_THIS_WEEK in found(a_need(urgent=urgent), a_candidate(asks_this_week=asks))) is barred


@pytest.mark.parametrize(
    ("urgent", "wakes", "expected"),
    [
        (False, False, {Bar.NIGHT, Bar.QUIET}),
        (False, True, {Bar.NIGHT, Bar.QUIET}),
        (True, False, {Bar.QUIET}),
        (True, True, set()),
    ],
)
def test_inside_quiet_hours_only_whoever_wishes_so_is_asked_and_only_for_what_is_urgent(
    urgent: bool, wakes: bool, expected: set[Bar]
) -> None:
    assert found(a_need(urgent=urgent), a_candidate(urgent_at_night=wakes), NIGHT) == expected


def test_no_other_limit_gives_way_to_urgency() -> None:
    for bar in set(BARRED) - {Bar.ASKS_THIS_WEEK}:
        need, candidate, _, _ = BARRED[bar]
        assert found(a_need(**need | {"urgent": True}), a_candidate(**candidate)) == {bar}, bar


# --- Quiet hours --------------------------------------------------------------------------------------------


def test_quiet_hours_are_read_by_the_clocks_where_the_person_lives() -> None:
    assert not is_quiet(Habits(HERNE), NOON)
    assert is_quiet(Habits(ZoneInfo("America/New_York")), NOON)


def test_without_quiet_hours_it_is_never_quiet() -> None:
    assert not is_quiet(Habits(HERNE, quiet_from=None, quiet_until=None), NIGHT)


@given(st.integers(0, 24 * 60 - 1))
def test_the_default_quiet_hours_are_the_night(minute: int) -> None:
    now = datetime(2026, 6, 9, 22, 0, tzinfo=UTC) + timedelta(minutes=minute)
    local = now.astimezone(HERNE)
    assert is_quiet(Habits(HERNE), now) is (local.hour >= 22 or local.hour < 7)


# --- Properties ---------------------------------------------------------------------------------------------

loads = st.fixed_dictionaries(
    {
        "active_tasks": st.integers(0, 4),
        "tasks_this_week": st.integers(0, 7),
        "asks_this_week": st.integers(0, 8),
        "pushes_today": st.integers(0, 7),
    }
)


@given(loads, st.sampled_from(["active_tasks", "tasks_this_week", "asks_this_week", "pushes_today"]), st.booleans())
def test_more_load_never_lifts_a_bar(load: Values, which: str, urgent: bool) -> None:
    need = a_need(urgent=urgent)
    more = load | {which: load[which] + 1}
    assert found(need, a_candidate(**load)) <= found(need, a_candidate(**more))


@given(loads, st.integers(0, 24 * 60), st.booleans())
def test_urgency_bars_nobody_who_may_be_asked_anyway(load: Values, minute: int, wakes: bool) -> None:
    now, candidate = later(minutes=minute), a_candidate(urgent_at_night=wakes, **load)
    need = a_need(needed_until=later(days=3))
    assert found(replace(need, urgent=True), candidate, now) <= found(need, candidate, now)


# --- "I have time now" --------------------------------------------------------------------------------------

MONDAYS = (Slot(0, "08:00", "10:00"),)
"""Not at all when help is needed, which is on a Wednesday from 13:00 to 21:00."""


@pytest.mark.parametrize(
    ("free_for", "may_be_asked"),
    [
        (None, False),
        (timedelta(minutes=-1), False),
        (timedelta(0), False),
        (timedelta(minutes=60), False),
        (timedelta(minutes=89), False),
        (timedelta(minutes=90), True),
        (timedelta(hours=12), True),
    ],
)
def test_whoever_has_time_now_is_available_if_half_an_hour_of_it_is_when_help_is_needed(
    free_for: timedelta | None, may_be_asked: bool
) -> None:
    free_until = None if free_for is None else NOON + free_for
    candidate = a_candidate(availability=MONDAYS, free_until=free_until)
    found = bars(a_need(), candidate, NOON, DEFAULT_POLICY)
    assert found == (frozenset() if may_be_asked else {Bar.AVAILABILITY})


def test_the_lever_can_be_switched_off() -> None:
    candidate = a_candidate(availability=MONDAYS, free_until=NOON + timedelta(hours=12))
    assert bars(a_need(), candidate, NOON, replace(DEFAULT_POLICY, available_now=False)) == {Bar.AVAILABILITY}


def test_having_time_now_opens_neither_the_night_nor_a_pause_nor_the_weeks_limit() -> None:
    free: Values = {"free_until": NOON + timedelta(hours=12)}
    at_night = datetime(2026, 6, 10, 21, 0, tzinfo=UTC)
    late = a_need(needed_from=at_night, needed_until=at_night + timedelta(hours=9))
    awake = a_candidate(free_until=at_night + timedelta(hours=9), quiet_from=None, quiet_until=None)
    assert bars(late, awake, at_night, DEFAULT_POLICY) == {Bar.NIGHT}
    assert bars(a_need(), a_candidate(paused_until=NOON + timedelta(hours=1), **free), NOON, DEFAULT_POLICY) == {
        Bar.PAUSED
    }
    assert bars(a_need(), a_candidate(asks_this_week=4, **free), NOON, DEFAULT_POLICY) == {Bar.ASKS_THIS_WEEK}
