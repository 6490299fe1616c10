"""Points: each term weighs what the policy says, and stored terms give the same points at any later time."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from models import HelpRequest, Invitation
from nachbarschaft.geography.cells import distance_km
from nachbarschaft.matching.eligibility import fit_of, km_between
from nachbarschaft.matching.facts import Candidate, Need
from nachbarschaft.matching.policy import DEFAULT_POLICY
from nachbarschaft.matching.scoring import Terms, points, terms_of
from tests.nachbarschaft.matching.somebody import CELL, NEXT_DOOR, NOON, a_candidate, a_need, cell_at
from tests.support.town import Town

PLAIN = Terms(
    distance_km=0.0,
    same_quarter=True,
    asks=0,
    yes=0,
    days_since_ask=3650.0,
    tasks_lately=0.0,
    keeps_language_free=False,
    speaks_needed_language=False,
    asks_this_week=0,
    asks_limit=4,
    reachable=True,
)
"""Next door, never asked, without a task: 4 near, 2 of 3 for "may say yes", 1 rested."""

counts = st.integers(0, 60)
all_terms = st.builds(
    Terms,
    distance_km=st.one_of(st.none(), st.floats(0, 5).map(lambda km: round(km, 3))),
    same_quarter=st.booleans(),
    asks=counts,
    yes=counts,
    days_since_ask=st.floats(0, 3650).map(lambda days: round(days, 4)),
    tasks_lately=st.floats(0, 40).map(lambda tasks: round(tasks, 4)),
    keeps_language_free=st.booleans(),
    speaks_needed_language=st.booleans(),
    asks_this_week=counts,
    asks_limit=counts,
    reachable=st.booleans(),
    has_time_now=st.booleans(),
)


def terms_now(need: Need, candidate: Candidate) -> Terms:
    """The terms of asking the candidate at noon."""
    fit = fit_of(need, candidate, km_between(need, candidate), NOON, DEFAULT_POLICY)
    return terms_of(need, fit, candidate.load, NOON, DEFAULT_POLICY)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 7.0),
        ({"distance_km": 0.8}, 5.0),
        ({"has_time_now": True}, 8.0),
        ({"distance_km": 1.6}, 3.0),
        ({"distance_km": 9.0}, 3.0),
        ({"distance_km": None}, 3.0),
        ({"asks": 3, "yes": 0}, 6.0),
        ({"asks": 3, "yes": 3}, 8.0),
        ({"days_since_ask": 0.0}, 6.0),
        ({"days_since_ask": 1.0}, 6.25),
        ({"days_since_ask": 4.0}, 7.0),
        ({"tasks_lately": 2.0}, 6.5),
        ({"keeps_language_free": True}, 6.0),
        ({"speaks_needed_language": True}, 7.0),
        ({"asks_this_week": 4}, 7.0),
        ({"reachable": False}, -13.0),
    ],
)
def test_each_term_weighs_what_the_policy_says(changes: dict[str, Any], expected: float) -> None:
    assert points(replace(PLAIN, **changes), DEFAULT_POLICY) == pytest.approx(expected)


def test_the_terms_are_those_of_the_moment_of_asking() -> None:
    need = a_need(urgent=True, languages=frozenset({"tr"}))
    candidate = a_candidate(
        quarter_id=NEXT_DOOR,
        cell=cell_at(1.0),
        languages=frozenset({"de", "tr"}),
        asks=7,
        yes=3,
        last_asked_at=NOON - timedelta(hours=36),
        tasks_lately=1.23456789,
        asks_this_week=2,
    )
    assert terms_now(need, candidate) == Terms(
        distance_km=round(distance_km(CELL, cell_at(1.0)), 3),
        same_quarter=False,
        asks=7,
        yes=3,
        days_since_ask=1.5,
        tasks_lately=1.2346,
        keeps_language_free=False,
        speaks_needed_language=True,
        asks_this_week=2,
        asks_limit=6,
        reachable=True,
    )


@pytest.mark.parametrize(
    ("spoken", "needed", "kept_free"),
    [
        ({"de"}, set(), False),
        ({"de", "en"}, {"de"}, False),
        ({"de", "tr"}, set(), True),
        ({"de", "tr"}, {"de"}, True),
        ({"de", "tr"}, {"tr"}, False),
        ({"de", "tr"}, {"uk"}, False),
        ({"de-x-einfach"}, set(), False),
    ],
)
def test_whoever_speaks_a_rare_language_is_kept_for_those_who_need_one(
    spoken: set[str], needed: set[str], kept_free: bool
) -> None:
    need, candidate = a_need(languages=frozenset(needed)), a_candidate(languages=frozenset(spoken))
    assert terms_now(need, candidate).keeps_language_free is kept_free


@given(all_terms)
def test_terms_survive_the_way_through_json_and_give_the_same_points(terms: Terms) -> None:
    stored = json.loads(json.dumps(terms.to_json()))
    assert Terms.from_json(stored) == terms
    assert points(Terms.from_json(stored), DEFAULT_POLICY) == points(terms, DEFAULT_POLICY)


@given(all_terms, st.floats(0, 3), counts, st.floats(0, 30))
def test_points_fall_with_distance_and_work_and_rise_with_a_yes_and_with_rest(
    terms: Terms, further: float, more: int, days: float
) -> None:
    here = points(terms, DEFAULT_POLICY)
    if terms.distance_km is not None:
        assert points(replace(terms, distance_km=terms.distance_km + further), DEFAULT_POLICY) <= here
    assert points(replace(terms, tasks_lately=terms.tasks_lately + more), DEFAULT_POLICY) <= here
    assert points(replace(terms, asks=terms.asks + more), DEFAULT_POLICY) <= here
    assert points(replace(terms, yes=terms.yes + more), DEFAULT_POLICY) >= here
    assert points(replace(terms, days_since_ask=terms.days_since_ask + days), DEFAULT_POLICY) >= here


@given(all_terms)
def test_points_stay_within_what_the_weights_allow(terms: Terms) -> None:
    reachable = points(replace(terms, reachable=True), DEFAULT_POLICY)
    assert -0.25 * terms.tasks_lately - 1 - 1e-6 <= reachable <= 4 + 3 + 1 + 1
    assert points(replace(terms, reachable=False), DEFAULT_POLICY) == pytest.approx(reachable - 20)


def test_stored_terms_recompute_the_stored_points_and_the_order_of_each_wave(town: Town) -> None:
    places = [(51.528, 7.153), (51.5295, 7.1555), (51.531, 7.158), (51.5275, 7.157), (51.5305, 7.1525)]
    for number, (lat, lon) in enumerate(places):
        languages = ["de", "tr"] if number % 2 else ["de"]
        town.volunteer(phone=False, place={"lat": lat, "lon": lon}, languages=languages)
    requester = town.neighbour()
    for urgent in (False, False, True):
        requester.ask(urgent=urgent)
        town.clock.forward(hours=1, minutes=17)
        town.run("send-waves")

    with town.wiring.reading() as context:
        asked = context.session.scalars(select(Invitation).where(Invitation.asked_at.is_not(None))).all()
        waves: dict[tuple[UUID, int | None], list[Invitation]] = {}
        for invitation in asked:
            waves.setdefault((invitation.request_id, invitation.wave), []).append(invitation)
        requests = set(context.session.scalars(select(HelpRequest.id)))
    assert {request for request, _ in waves} == requests
    assert max(len(wave) for wave in waves.values()) > 2
    for wave in waves.values():
        terms = {invitation.person_id: Terms.from_json(invitation.terms) for invitation in wave}
        recomputed = {person: points(found, DEFAULT_POLICY) for person, found in terms.items()}
        assert recomputed == {invitation.person_id: invitation.points for invitation in wave}
        by_rank = [invitation.person_id for invitation in sorted(wave, key=lambda one: one.rank or 0)]
        assert by_rank == sorted(
            by_rank, key=lambda person: (-recomputed[person], -terms[person].days_since_ask, str(person))
        )
