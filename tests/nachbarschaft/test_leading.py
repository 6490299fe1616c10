"""Whom to ask first: the same as by ranking everybody, though most are not looked at."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import bindparam, event, select, update

from models import HelpRequest, Invitation, OfferCategory, Person, Preferences, Quarter
from nachbarschaft.context import Context
from nachbarschaft.geography.cells import cell_of
from nachbarschaft.matching.choosing import Choice, ranked
from nachbarschaft.matching.policy import DEFAULT_POLICY, Policy
from nachbarschaft.queries.candidates import fresh, fresh_candidates, need_of
from nachbarschaft.queries.channels import DEFAULT_CHANNELS
from nachbarschaft.queries.leading import best_fresh
from nachbarschaft.services.indexing import index_unknown
from tests.benchmarks.crowd import HEIGHT, SOUTH, WEST, WIDTH, Crowd, Row
from tests.benchmarks.help_requests import over, post_requests
from tests.support.town import NOON, Town

EVERYBODY = fresh(select(OfferCategory.offer_id).where(OfferCategory.category == bindparam("category")))
CATEGORIES = ("shopping", "childcare", "transport")
EVENING = NOON.replace(hour=20, minute=30)
"""22:30 in Herne, and an hour earlier where some quarters' clocks stand."""


def write_city(context: Context, chance: Random) -> list[UUID]:
    """Few places and few pasts, so that many people are worth the same; returns the open requests."""
    crowd = Crowd(context.session.connection(), chance, NOON)
    places = crowd.quarters(chance.choice([2, 6]))
    volunteers, requesters = crowd.residents(places, 70), crowd.residents(places, 12)
    for same in ({"reach": "neighbours"}, {"availability": [], "categories": list(CATEGORIES)}):
        for person in chance.sample(volunteers, 50):
            crowd.offers([person], cell=_cell_near(person, chance), paused_until=_perhaps(chance, 2), **same)
    _remember(crowd, volunteers, requesters)
    crowd.phones(person for person in volunteers if chance.random() < 0.7)
    crowd.write(Preferences, [_preferences(person, chance) for person in chance.sample(volunteers, 30)])
    _change(context, volunteers, chance)
    return [row["id"] for each in requesters for row in post_requests(crowd, [each], **_need(chance))]


def _cell_near(person: Row, chance: Random) -> str:
    """One of two cells of the quarter."""
    row, column = (person["home_lat"] - SOUTH) // HEIGHT, (person["home_lon"] - WEST) // WIDTH
    return cell_of(SOUTH + (row + chance.choice([0.2, 0.8])) * HEIGHT, WEST + (column + 0.5) * WIDTH)


def _remember(crowd: Crowd, volunteers: list[Row], requesters: list[Row]) -> None:
    past = post_requests(crowd, requesters, **over(crowd))
    for request in past:
        for person in crowd.chance.sample(volunteers, 8):
            when = NOON - timedelta(days=crowd.chance.choice([1, 3, 30, 83, 85]))
            state = crowd.chance.choice(["accepted", "lapsed", "declined"])
            crowd.invitations([(request, person)], state=state, asked_at=when)


def _change(context: Context, volunteers: list[Row], chance: Random) -> None:
    """Some have time now, a few are not there; some clocks are others; most rows are filled in by what is so."""
    session = context.session
    for person in chance.sample(volunteers, 12):
        session.execute(update(Person).where(Person.id == person["id"]).values(available_until=_perhaps(chance, 0.3)))
    for person in chance.sample(volunteers, 3):
        session.execute(update(Person).where(Person.id == person["id"]).values(suspended_at=NOON))
    if chance.random() < 0.5:
        session.execute(update(Quarter).where(Quarter.slug == "bench-0-0").values(timezone="Europe/London"))
    session.execute(update(Invitation).where(Invitation.state == "declined").values(said_yes_at=_perhaps(chance, 0)))
    session.execute(update(OfferCategory).values(spot=None))
    index_unknown(context, None, 80)


def _perhaps(chance: Random, days: float) -> datetime | None:
    return chance.choice([None, None, NOON + timedelta(days=days), NOON - timedelta(days=1)])


def _preferences(person: Row, chance: Random) -> Row:
    quiet = chance.choice([(None, None), ("21:00", "08:00")])
    return {
        "person_id": person["id"],
        "quiet_from": quiet[0],
        "quiet_until": quiet[1],
        "urgent_at_night": chance.random() < 0.5,
        "pushes_per_day": chance.choice([0, 5, 5]),
        "asks_per_week": chance.choice([1, 4]),
        "paused_until": _perhaps(chance, 2),
        "channels": DEFAULT_CHANNELS,
    }


def _need(chance: Random) -> Row:
    starts = NOON + timedelta(hours=chance.choice([-1, 1, 20, 30]))
    ends = starts + timedelta(hours=chance.choice([2, 14, 200]))
    need: Row = {"category": chance.choice(CATEGORIES), "urgent": chance.random() < 0.4}
    need["languages"] = chance.choice([[], [], ["de"], ["tr", "ar"], ["de-x-einfach"]])
    return (
        need | {"needed_from": starts, "needed_until": ends, "expires_at": ends} | chance.choice([{}, {"cell": None}])
    )


@pytest.mark.parametrize("seed", range(12))
def test_the_first_few_are_those_of_ranking_everybody(town: Town, seed: int) -> None:
    chance = Random(seed)
    with town.wiring.writing() as context:
        requests = write_city(context, chance)
        found = 0
        for request_id in requests:
            request = context.session.get_one(HelpRequest, request_id)
            for now in (NOON, EVENING):
                policy = chance.choice([DEFAULT_POLICY, Policy(available_now=False, weight_near=1.0, reach_km=0.5)])
                need = need_of(request)
                everybody = fresh_candidates(context.session, request, now, EVERYBODY)
                wanted = ranked(need, everybody, now, policy)
                found += len(wanted)
                for count in (1, 6, 15, 100):
                    leading = best_fresh(context.session, request, now, policy, count)
                    assert [summed(each) for each in leading] == [summed(each) for each in wanted[:count]]
    assert found > 20


def summed(choice: Choice) -> tuple[UUID, float, float]:
    """Of two offers of a person that are worth the same, either may be the one."""
    return choice.candidate.person_id, choice.points, choice.terms.days_since_ask


def test_in_a_crowded_quarter_few_are_looked_at(town: Town) -> None:
    chance = Random(1)
    with town.wiring.writing() as context:
        crowd = Crowd(context.session.connection(), chance, NOON)
        places = crowd.quarters(4)
        volunteers, requesters = crowd.residents(places, 1200), crowd.residents(places, 40)
        crowd.offers(volunteers, categories=["shopping"], availability=[])
        crowd.phones(volunteers)
        for row in post_requests(crowd, requesters, category="shopping", languages=[]):
            request = context.session.get_one(HelpRequest, row["id"])
            with people_read(context) as read:
                assert len(best_fresh(context.session, request, NOON, DEFAULT_POLICY, 6)) == 6
            assert 6 <= len(read) < 250, "of some eight hundred in reach"


@contextmanager
def people_read(context: Context) -> Iterator[set[UUID]]:
    """Everybody whose load is read meanwhile."""
    read: set[UUID] = set()

    def remember(_connection: Any, clause: Any, _many: Any, values: dict[str, Any], _options: Any) -> None:
        if "memory" in values:
            read.update(values["people"])

    connection = context.session.connection()
    event.listen(connection, "before_execute", remember)
    try:
        yield read
    finally:
        event.remove(connection, "before_execute", remember)
