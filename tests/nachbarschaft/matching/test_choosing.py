"""Whom to ask next and when again: the best first, each person once, and never in a hurry."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nachbarschaft.matching.choosing import STANDBY_IGNORES, ranked
from nachbarschaft.matching.eligibility import ACCEPT_BARS, Bar, bars
from nachbarschaft.matching.facts import Candidate
from nachbarschaft.matching.policy import DEFAULT_POLICY
from nachbarschaft.matching.wallclock import Slot
from nachbarschaft.matching.waves import reason_to_escalate, time_of_escalation, time_of_next_wave
from tests.nachbarschaft.matching.somebody import NOON, a_candidate, a_need, cell_at


def order(candidates: list[Candidate]) -> list[int]:
    return [choice.candidate.person_id.int for choice in ranked(a_need(), candidates, NOON, DEFAULT_POLICY)]


def test_more_points_come_first() -> None:
    assert order([a_candidate(1, cell=cell_at(1.4)), a_candidate(2), a_candidate(3, cell=cell_at(0.7))]) == [2, 3, 1]


def test_among_equals_whoever_was_asked_longest_ago_comes_first() -> None:
    def asked(days: int) -> dict[str, object]:
        return {"last_asked_at": NOON - timedelta(days=days), "asks": 2, "yes": 1}

    assert order([a_candidate(1, **asked(5)), a_candidate(2, **asked(9)), a_candidate(3, **asked(7))]) == [2, 3, 1]


def test_among_full_equals_the_smaller_id_comes_first() -> None:
    assert order([a_candidate(3), a_candidate(1), a_candidate(2)]) == [1, 2, 3]


def test_whoever_is_barred_is_left_out() -> None:
    assert order([a_candidate(1), a_candidate(2, active_tasks=3), a_candidate(3, pushes_today=5)]) == [1]


def test_of_several_offers_of_one_person_the_best_counts_and_they_are_asked_once() -> None:
    choices = ranked(
        a_need(),
        [a_candidate(1, cell=cell_at(1.5)), a_candidate(1), a_candidate(1, cell=cell_at(0.8))],
        NOON,
        DEFAULT_POLICY,
    )
    assert [choice.terms.distance_km for choice in choices] == [0.0]


def test_one_fitting_offer_is_enough_where_the_others_do_not_fit() -> None:
    tomorrow = (Slot(3, "10:00", "12:00"),)
    choices = ranked(
        a_need(), [a_candidate(1, availability=tomorrow), a_candidate(1, cell=cell_at(1.0))], NOON, DEFAULT_POLICY
    )
    assert len(choices) == 1
    assert choices[0].candidate.availability == ()


def test_what_is_not_held_against_the_standby_is_fixed() -> None:
    assert {
        Bar.DISTANCE,
        Bar.LANGUAGE,
        Bar.AVAILABILITY,
        Bar.TASKS_THIS_WEEK,
        Bar.ASKS_THIS_WEEK,
        Bar.PUSHES_TODAY,
    } == STANDBY_IGNORES
    assert not STANDBY_IGNORES & ACCEPT_BARS


def test_ignored_bars_keep_nobody_out() -> None:
    weary = a_candidate(1, asks_this_week=9, pushes_today=9)
    assert ranked(a_need(), [weary], NOON, DEFAULT_POLICY) == []
    assert len(ranked(a_need(), [weary], NOON, DEFAULT_POLICY, ignoring=STANDBY_IGNORES)) == 1


def one_of_their_offers(number: int, km: float) -> Candidate:
    """An offer of the person of that number; what they have done is the same for all of theirs."""
    asked = number % 3
    return a_candidate(
        number,
        cell=cell_at(km),
        asks=asked,
        yes=number % 2,
        last_asked_at=NOON - timedelta(days=number % 5) if asked else None,
        tasks_lately=(number % 4) / 2,
        active_tasks=number % 4,
    )


offers = st.lists(
    st.builds(one_of_their_offers, st.integers(1, 12), st.sampled_from([0.0, 0.4, 0.8, 1.2, 2.0])), max_size=15
)


@given(offers, st.randoms(use_true_random=False))
def test_the_order_is_right_complete_and_the_same_however_the_database_sorted(
    people: list[Candidate], chance: Random
) -> None:
    choices = ranked(a_need(), people, NOON, DEFAULT_POLICY)
    free = {person.person_id for person in people if not bars(a_need(), person, NOON, DEFAULT_POLICY)}
    assert {choice.candidate.person_id for choice in choices} == free
    assert len(choices) == len(free)
    assert [choice.points for choice in choices] == sorted((choice.points for choice in choices), reverse=True)
    shuffled = chance.sample(people, len(people))
    again = ranked(a_need(), shuffled, NOON, DEFAULT_POLICY)
    assert [(c.candidate.person_id, c.points) for c in again] == [(c.candidate.person_id, c.points) for c in choices]


# --- When to ask again --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("window_hours", "minutes"),
    [(2, 10), (4, 10), (4.5, 10.8), (10, 24), (24, 57.6), (25, 60), (72, 60), (24 * 30, 60)],
)
def test_the_next_wave_comes_after_4_percent_of_the_window_within_10_and_60_minutes(
    window_hours: float, minutes: float
) -> None:
    until = NOON + timedelta(hours=window_hours)
    assert time_of_next_wave(NOON, NOON, until, DEFAULT_POLICY) == NOON + timedelta(minutes=minutes)


def test_never_more_than_35_percent_of_the_time_that_is_left() -> None:
    until = NOON + timedelta(minutes=20)
    assert time_of_next_wave(NOON, NOON, until, DEFAULT_POLICY) == NOON + timedelta(minutes=7)
    assert time_of_next_wave(until, NOON, until, DEFAULT_POLICY) == until


minutes = st.integers(1, 60 * 24 * 400)


@given(minutes, st.floats(0, 1), minutes)
def test_the_pause_is_never_longer_than_any_of_its_limits_and_grows_with_the_window(
    window: int, gone: float, more: int
) -> None:
    until = NOON + timedelta(minutes=window)
    now = NOON + timedelta(minutes=window * gone)
    pause = time_of_next_wave(now, NOON, until, DEFAULT_POLICY) - now
    assert timedelta(0) <= pause <= timedelta(minutes=60)
    assert pause <= 0.35 * (until - now) + timedelta(microseconds=1)
    assert pause == pytest.approx(0.35 * (until - now), abs=timedelta(seconds=1)) or pause >= timedelta(minutes=10)
    longer = time_of_next_wave(now, NOON, until + timedelta(minutes=more), DEFAULT_POLICY) - now
    assert longer >= pause


def test_the_coordinators_are_told_after_70_percent_of_the_window() -> None:
    until = NOON + timedelta(hours=10)
    assert time_of_escalation(NOON, until, DEFAULT_POLICY) == NOON + timedelta(hours=7)
    half = replace(DEFAULT_POLICY, escalate_share=0.5)
    assert time_of_escalation(NOON, until, half) == NOON + timedelta(hours=5)


@pytest.mark.parametrize(
    ("asked", "nobody_left", "minutes", "reason"),
    [
        (24, False, -1, None),
        (25, False, -1, "enough_asked"),
        (25, True, 1, "enough_asked"),
        (3, True, -1, "nobody_left"),
        (3, False, -1, None),
        (3, False, 0, "time_runs_out"),
    ],
)
def test_a_reason_to_tell_the_coordinators(asked: int, nobody_left: bool, minutes: int, reason: str | None) -> None:
    due = NOON - timedelta(minutes=minutes)
    found = reason_to_escalate(NOON, due, DEFAULT_POLICY, asked=asked, nobody_left=nobody_left)
    assert found == reason
