"""The second factor: who has one shows it, and nobody coordinates without."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from models import SecondFactor
from nachbarschaft.services.people import Appointment, appoint
from tests.api.raw import assert_problem
from tests.support.served import at_once
from tests.support.town import PASSWORD, Neighbour, Reply, Town, otp_at

STEP = timedelta(seconds=30)


@pytest.fixture
def throttled(database_url: str, tmp_path: Path) -> Iterator[Town]:
    """A town with every limit that strangers meet."""
    with Town(database_url, tmp_path, rate_limits="on") as made:
        yield made


def appointed(town: Town) -> Neighbour:
    """A coordinator of Blumenthal without a second factor yet."""
    made = town.neighbour("Coordinator")
    with town.wiring.writing() as context:
        appoint(context, Appointment(made.email, "Coordinator", None, ["blumenthal"], is_admin=False))
    return made


def sign_in(who: Neighbour, **more: Any) -> Reply:
    return who.town.call("POST", "/v1/auth/sign-in", {"login": who.email, "password": PASSWORD} | more)


def signed_in(who: Neighbour, **more: Any) -> Neighbour:
    reply = sign_in(who, **more)
    assert reply.status_code == 200, reply.text
    return Neighbour(who.town, reply.json["person"], reply.json["session"], who.email)


def shown(who: Neighbour, secret: str, *, later: timedelta = STEP) -> str:
    """What the app shows a step later: each number works once."""
    who.town.clock.set(who.town.clock.now() + later)
    return otp_at(secret, who.town.clock.now())


def test_what_a_coordinator_opens_needs_a_second_factor_and_nothing_else_does(town: Town) -> None:
    boss, volunteer, resident = appointed(town), town.volunteer(), town.neighbour()
    request = resident.ask()
    path = f"/v1/requests/{request['id']}"
    closed = [
        boss.get("/v1/quarters/blumenthal/members"),
        boss.get("/v1/quarters/blumenthal/activity"),
        boss.post(
            f"/v1/quarters/blumenthal/members/{volunteer.id}/verify", {"level": "known", "seen_on": "2026-06-09"}
        ),
        boss.get(path),
        boss.get(f"{path}/dispatch"),
        boss.post(f"{path}/cancel"),
        boss.post(f"{path}/done"),
        boss.post(f"{path}/release"),
        boss.post(f"{path}/still-needed"),
        boss.post(f"{path}/contact", {"reason": "Asked me to call"}),
    ]
    for reply in closed:
        assert_problem(reply, 403, "second_factor_required")
    assert boss.get("/v1/requests").json["items"] == []
    assert boss.get("/v1/me").json["roles"] == ["resident", "coordinator"]
    own = boss.ask()
    assert boss.read(own)["state"] == "open"
    assert_problem(resident.get("/v1/quarters/blumenthal/members"), 403, "forbidden")
    assert_problem(town.neighbour().get(path), 404, "not_found")

    boss.set_up_second_factor()

    assert boss.get("/v1/quarters/blumenthal/members").status_code == 200
    assert boss.get(path).status_code == 200
    assert boss.post(f"{path}/contact", {"reason": "Asked me to call"}).status_code == 200
    assert {item["id"] for item in boss.get("/v1/requests").json["items"]} == {request["id"], own["id"]}


def test_setting_one_up_gives_a_secret_the_same_as_a_uri_and_ten_codes_and_counts_once_confirmed(town: Town) -> None:
    boss = appointed(town)

    made = boss.post("/v1/me/totp", Idempotency_Key="once-and-again").json
    again = boss.post("/v1/me/totp", Idempotency_Key="once-and-again").json

    assert made["secret"] != again["secret"], "nothing secret is stored for a repeated try"
    assert again["uri"].startswith("otpauth://totp/Nachbarschaft:")
    assert f"secret={again['secret']}" in again["uri"]
    assert len(set(again["recovery_codes"])) == 10
    assert sign_in(boss).status_code == 200, "it is not confirmed yet"
    assert boss.get("/v1/me").json["second_factor"] is False
    wrong = boss.post("/v1/me/totp/confirm", {"otp": otp_at(made["secret"], town.clock.now())})
    assert_problem(wrong, 403, "wrong_otp")
    assert boss.post("/v1/me/totp/confirm", {"otp": otp_at(again["secret"], town.clock.now())}).status_code == 204
    assert boss.get("/v1/me").json["second_factor"] is True
    assert_problem(boss.post("/v1/me/totp"), 409, "conflict")


def test_signing_in_asks_for_it_and_says_so(town: Town) -> None:
    boss = appointed(town)
    secret = boss.set_up_second_factor()

    assert_problem(sign_in(boss), 401, "second_factor_needed")
    wrong = sign_in(boss, otp="000000")
    assert_problem(wrong, 401, "wrong_credentials")
    assert "Jede Zahl gilt nur einmal" in wrong.json["detail"], "it is the number, not the password"
    assert_problem(sign_in(boss, otp=shown(boss, secret), password="x" * 15), 401, "wrong_credentials")
    otp = otp_at(secret, town.clock.now())
    device = signed_in(boss, otp=f"{otp[:3]} {otp[3:]}")

    assert device.get("/v1/quarters/blumenthal/members").status_code == 200
    fresh = town.call("POST", "/v1/auth/refresh", {"refresh_token": device.session["refresh_token"]}).json["session"]
    assert town.call("GET", "/v1/quarters/blumenthal/members", token=fresh["access_token"]).status_code == 200


def test_each_number_works_once_and_half_a_minute_early_or_late(town: Town) -> None:
    boss = appointed(town)
    secret = boss.set_up_second_factor()
    now = town.clock.now()
    assert_problem(sign_in(boss, otp=otp_at(secret, now)), 401, "wrong_credentials")

    assert sign_in(boss, otp=otp_at(secret, now + STEP)).status_code == 200
    assert_problem(sign_in(boss, otp=otp_at(secret, now + STEP)), 401, "wrong_credentials")
    assert_problem(sign_in(boss, otp=otp_at(secret, now + 2 * STEP)), 401, "wrong_credentials")
    town.clock.set(town.clock.now() + 3 * STEP)
    assert sign_in(boss, otp=otp_at(secret, now + 2 * STEP)).status_code == 200


def test_the_same_number_at_the_same_moment_signs_in_once(town: Town) -> None:
    boss = appointed(town)
    otp = shown(boss, boss.set_up_second_factor())

    replies = at_once([lambda: sign_in(boss, otp=otp)] * 4)

    assert sorted(reply.status_code for reply in replies) == [200, 401, 401, 401]


def test_a_recovery_code_signs_in_once_also_at_the_same_moment(town: Town) -> None:
    boss = appointed(town)
    made = boss.post("/v1/me/totp").json
    boss.post("/v1/me/totp/confirm", {"otp": otp_at(made["secret"], town.clock.now())})
    code = made["recovery_codes"][3]

    replies = at_once([lambda: sign_in(boss, otp=code.lower().replace("-", " "))] * 3)

    assert sorted(reply.status_code for reply in replies) == [200, 401, 401]
    assert signed_in(boss, otp=made["recovery_codes"][4]).get("/v1/quarters/blumenthal/members").status_code == 200


def test_guessing_has_to_wait_and_the_owner_gets_in_afterwards(throttled: Town) -> None:
    boss = appointed(throttled)
    secret = boss.set_up_second_factor()
    for guess in range(10):
        assert_problem(sign_in(boss, otp=f"{guess:06}"), 401, "wrong_credentials")

    refused = sign_in(boss, otp=shown(boss, secret))
    assert_problem(refused, 429, "rate_limited")
    assert 0 < int(refused.headers["Retry-After"]) <= 900

    assert sign_in(boss, otp=shown(boss, secret, later=timedelta(minutes=15))).status_code == 200


def test_it_comes_off_only_where_it_was_shown_and_lately(town: Town) -> None:
    boss = appointed(town)
    without = signed_in(boss)
    secret = boss.set_up_second_factor()
    assert_problem(without.delete("/v1/me/totp"), 403, "second_factor_required")
    with town.wiring.reading() as context:
        sealed = context.session.get_one(SecondFactor, boss.uuid).secret
    assert secret.encode() not in sealed

    town.clock.set(town.clock.now() + timedelta(minutes=14))
    late = signed_in(boss, otp=shown(boss, secret))
    town.clock.set(town.clock.now() + timedelta(minutes=14))
    assert late.delete("/v1/me/totp").status_code == 204
    assert_problem(late.get("/v1/quarters/blumenthal/members"), 403, "second_factor_required")
    assert sign_in(boss).status_code == 200


def test_a_session_that_is_not_fresh_neither_sets_one_up_nor_takes_it_off(small_town: Town) -> None:
    boss = appointed(small_town)
    small_town.clock.set(small_town.clock.now() + timedelta(minutes=15, seconds=1))

    assert_problem(boss.post("/v1/me/totp"), 403, "sign_in_again")
    assert_problem(boss.delete("/v1/me/totp"), 403, "sign_in_again")
    assert_problem(boss.post("/v1/me/totp/confirm", {"otp": "123456"}), 409, "conflict")


@pytest.mark.parametrize("otp", [123456, "", "x" * 41, None, ["123456"]])
def test_what_cannot_be_a_one_time_password_is_invalid(small_town: Town, otp: object) -> None:
    boss = appointed(small_town)
    boss.post("/v1/me/totp")

    assert_problem(boss.post("/v1/me/totp/confirm", {"otp": otp}), 422, "invalid")


def test_strange_letters_are_simply_wrong(small_town: Town) -> None:
    boss = appointed(small_town)
    boss.post("/v1/me/totp")

    for otp in ("٠١٢٣٤٥", "ß", "𝟙𝟚𝟛𝟜𝟝𝟞", "-1"):
        assert_problem(boss.post("/v1/me/totp/confirm", {"otp": otp}), 403, "wrong_otp")
