"""Days that coordinators write down are days of their quarter's calendar, also in the first hour after midnight."""

from datetime import date, timedelta

from tests.api.staff import coordinator
from tests.support.town import Neighbour, Town
from tests.time.moments import Moment, at_each_moment, rfc3339

DAY = timedelta(days=1)


def verified(boss: Neighbour, volunteer: Neighbour, seen_on: date, valid_until: date) -> int:
    body = {"level": "certified", "seen_on": seen_on.isoformat(), "valid_until": valid_until.isoformat()}
    return boss.post(f"/v1/quarters/blumenthal/members/{volunteer.id}/verify", body).status_code


@at_each_moment
def test_half_an_hour_after_midnight_what_was_seen_today_was_seen_today(small_town: Town, moment: Moment) -> None:
    small_town.clock.set(moment.at(0, 30))
    boss, volunteer = coordinator(small_town), small_town.volunteer(phone=False)
    today, next_year = moment.day, moment.day + 365 * DAY

    assert verified(boss, volunteer, today + DAY, next_year) == 422
    assert verified(boss, volunteer, today, today) == 422
    assert verified(boss, volunteer, today, today + DAY) == 204
    assert verified(boss, volunteer, today, next_year) == 204


@at_each_moment
def test_a_certificate_holds_until_midnight_of_its_last_day_by_the_clocks_of_the_quarter(
    small_town: Town, moment: Moment
) -> None:
    small_town.clock.set(moment.at(12, days=-1))
    volunteer = small_town.volunteer(phone=False, categories=["childcare"])
    last_day = moment.day - DAY
    small_town.change_person(volunteer, verification="certified", verified_on=last_day, verified_until=last_day)
    requester = small_town.neighbour()
    same_day = requester.ask(category="childcare", needed_until=rfc3339(moment.at(23, 45, days=-1)))
    past_midnight = requester.ask(category="childcare", needed_until=rfc3339(moment.at(0, 30)))

    assert [invitation["request"]["id"] for invitation in volunteer.invitations()] == [same_day["id"]]
    assert volunteer.act(same_day, "accept").status_code == 201
    refused = volunteer.act(past_midnight, "accept")
    assert (refused.status_code, refused.json["code"]) == (403, "not_eligible")
