"""Codes that come by mail: for a forgotten password and for a new e-mail address, to whoever it is meant for alone."""

import hashlib
import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from jobs.pacing import Pace
from jobs.settling import Settler
from models import Event, Mail, Notification, OneTimeCode
from nachbarschaft.recording import RecordingMailGateway
from nachbarschaft.sending import Drop
from nachbarschaft.services.checking_mails import CODES_PER_ADDRESS
from nachbarschaft.services.codes import issue_code
from nachbarschaft.services.mailed_codes import PER_HOUR
from nachbarschaft.services.mailing import MailLine
from nachbarschaft.services.outgoing import LEASE
from tests.support.town import PASSWORD, PUBLIC_URL, Neighbour, Reply, Town

NEW_PASSWORD = "fünf ganz andere Wörter hier"
CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
NEW_EMAIL = "umgezogen@example.net"


def ask_code(town: Town, login: str) -> Reply:
    return town.call("POST", "/v1/auth/codes", {"login": login})


def redeem(town: Town, code: str, password: str = NEW_PASSWORD, **more: str) -> Reply:
    return town.call("POST", "/v1/auth/codes/redeem", {"code": code, "password": password} | more)


def sign_in(town: Town, login: str, password: str) -> int:
    return town.call("POST", "/v1/auth/sign-in", {"login": login, "password": password}).status_code


def code_in(mail: dict[str, Any]) -> str:
    [found] = set(CODE.findall(mail["text"]))
    assert found in mail["html"]
    return str(found)


def last_code(town: Town) -> str:
    """Delivers what is due, and reads the code in the last mail."""
    assert town.deliver_mails() == {"sent": 1}
    return code_in(town.mails()[-1])


def ask_new_email(who: Neighbour, email: str = NEW_EMAIL) -> Reply:
    return who.patch("/v1/me", {"email": email}, If_Match="*")


def put_off(town: Town, topic: str) -> None:
    """As if the other mail server had said: not now."""
    notices = select(Notification.id).where(Notification.topic == topic)
    with town.wiring.writing() as context:
        context.session.execute(
            update(Mail).where(Mail.notification_id.in_(notices)).values(due_at=context.now + timedelta(minutes=5))
        )


def limited(town: Town) -> Town:
    """With the limits that are kept in the database."""
    object.__setattr__(town.wiring.settings, "rate_limits", True)
    return town


# --- A forgotten password --------------------------------------------------------------------------------------


def test_whoever_forgot_their_password_sets_another_with_the_code_that_comes(town: Town) -> None:
    neighbour = town.neighbour()
    assert ask_code(town, neighbour.email.upper()).status_code == 202

    code = last_code(town)
    assert town.mails()[0]["subject"] == "Ihr Code für die Nachbarschaft"
    assert town.mails()[0]["unsubscribe_url"] is None
    redeemed = redeem(town, code)

    assert redeemed.status_code == 200
    assert redeemed.json["person"]["id"] == neighbour.id
    assert neighbour.get("/v1/me").status_code == 401, "their other sessions end"
    assert sign_in(town, neighbour.email, PASSWORD) == 401
    assert sign_in(town, neighbour.email, NEW_PASSWORD) == 200
    assert redeem(town, code).json["code"] == "wrong_code"


def test_the_answer_is_the_same_whoever_asks_and_a_mail_comes_only_where_it_should(town: Town) -> None:
    suspended, phone_only, demo = (town.neighbour() for _ in range(3))
    town.change_person(suspended, suspended_at=town.clock.now())
    town.change_person(phone_only, email=None, phone="+4915112345678")
    answers = [
        ask_code(town, login)
        for login in ("nobody@example.org", suspended.email, "+49 151 12345678", "no login at all", demo.email)
    ]

    assert {(answer.status_code, answer.text) for answer in answers} == {(202, answers[0].text)}
    assert {tuple(sorted(set(answer.headers.keys()) - {"Date"})) for answer in answers} == {
        tuple(sorted(set(answers[0].headers.keys()) - {"Date"}))
    }
    assert town.deliver_mails() == {"sent": 1}


def test_how_long_it_takes_does_not_tell_either(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    took = []
    for login in (neighbour.email, "nobody@example.org"):
        began = time.monotonic()
        ask_code(small_town, login)
        took.append(time.monotonic() - began)

    assert min(took) >= 0.2


def test_a_phone_number_that_signs_in_brings_the_code_to_the_mailbox(town: Town) -> None:
    neighbour = town.neighbour()
    town.change_person(neighbour, phone="+4915112345678")

    ask_code(town, "0151 12345678")

    assert redeem(town, last_code(town)).status_code == 200


def test_a_code_lies_sealed_until_its_mail_has_gone_and_then_nowhere(town: Town) -> None:
    neighbour = town.neighbour()
    ask_code(town, neighbour.email)
    with town.wiring.reading() as context:
        kept = context.session.scalars(select(OneTimeCode)).one()
        sealed = kept.sealed_code
        assert sealed is not None
        plain = town.wiring.sealer.open(sealed).decode()
        assert plain.encode() not in sealed

    assert last_code(town) == plain
    with town.wiring.reading() as context:
        assert context.session.scalars(select(OneTimeCode)).one().sealed_code is None
        told = [event.data for event in context.session.scalars(select(Event).where(Event.kind == "code_issued"))]
    assert told == [{"reason": "code_by_mail"}]


def test_a_sender_that_was_overtaken_takes_nothing_from_the_one_that_has_the_mail_now(
    town: Town, tmp_path: Path
) -> None:
    ask_code(town, town.neighbour().email)
    line = MailLine(RecordingMailGateway(tmp_path / "mails"), PUBLIC_URL)
    with town.wiring.writing() as context:
        zombie = line.claim(context, 1, None)
    town.clock.forward(seconds=LEASE.total_seconds())
    with town.wiring.writing() as context:
        heir = line.claim(context, 1, None)

    settler = Settler(town.wiring, line, Pace(), time.monotonic)
    with town.wiring.reading() as context:
        for parcel in line.prepare(context, zombie):
            assert isinstance(parcel.step, Drop)
            settler.add(parcel, parcel.step)
    assert settler.settle() == ({"overtaken": 1}, [])

    with town.wiring.reading() as context:
        [parcel] = line.prepare(context, heir)
    assert CODE.search(parcel.message.text)


def test_a_mailed_code_works_for_an_hour(town: Town) -> None:
    neighbour = town.neighbour()
    ask_code(town, neighbour.email)
    code = last_code(town)
    town.clock.instant += timedelta(hours=1)

    assert redeem(town, code).json["code"] == "wrong_code"


@pytest.mark.parametrize("what", ["used", "ended", "suspended"])
def test_a_code_that_is_good_for_nothing_any_more_is_not_sent_and_not_kept(town: Town, what: str) -> None:
    neighbour = town.neighbour()
    ask_code(town, neighbour.email)
    with town.wiring.reading() as context:
        plain = town.wiring.sealer.open(context.session.scalars(select(OneTimeCode)).one().sealed_code or b"").decode()
    match what:
        case "used":
            assert redeem(town, plain).status_code == 200
        case "ended":
            town.clock.instant += timedelta(hours=1)
        case "suspended":
            town.change_person(neighbour, suspended_at=town.clock.now())

    assert town.deliver_mails() == {"dropped": 1}
    assert town.mails() == []
    with town.wiring.reading() as context:
        assert context.session.scalars(select(OneTimeCode)).one().sealed_code is None


def test_the_newest_code_counts_and_only_that_is_sent(town: Town) -> None:
    neighbour = town.neighbour()
    ask_code(town, neighbour.email)
    first = last_code(town)
    ask_code(town, neighbour.email)
    ask_code(town, neighbour.email)

    assert town.deliver_mails() == {"dropped": 1, "sent": 1}
    assert redeem(town, first).status_code == 401
    assert redeem(town, code_in(town.mails()[-1])).status_code == 200


def test_a_code_by_mail_leaves_the_one_in_a_letter_alone_until_one_of_them_is_used(town: Town) -> None:
    neighbour = town.neighbour()
    with town.wiring.writing() as context:
        letter = issue_code(context, neighbour.uuid, "letter")
    ask_code(town, neighbour.email)
    mailed = last_code(town)

    assert redeem(town, letter).status_code == 200
    assert redeem(town, mailed).status_code == 401


def test_no_mailbox_is_filled_from_here(town: Town) -> None:
    limited(town)
    neighbour = town.neighbour()
    answers = {ask_code(town, neighbour.email).status_code for _ in range(PER_HOUR + 3)}
    assert answers == {202}

    with town.wiring.reading() as context:
        assert context.session.scalar(select(func.count()).select_from(Mail)) == PER_HOUR
    town.clock.instant += timedelta(hours=1)
    ask_code(town, neighbour.email)
    with town.wiring.reading() as context:
        assert context.session.scalar(select(func.count()).select_from(Mail)) == PER_HOUR + 1


def test_whoever_stopped_mails_still_gets_their_code(town: Town) -> None:
    neighbour = town.neighbour()
    neighbour.put("/v1/me/preferences", {"channels": {"account": []}, "quiet_from": "11:00", "quiet_until": "13:00"})
    ask_code(town, neighbour.email)

    assert town.deliver_mails() == {"sent": 1}


# --- A new e-mail address ----------------------------------------------------------------------------------------


def test_a_new_address_counts_once_its_code_is_redeemed(town: Town) -> None:
    neighbour = town.neighbour()
    changed = ask_new_email(neighbour)
    assert changed.status_code == 200
    assert (changed.json["email"], changed.json["pending_email"]) == (neighbour.email, NEW_EMAIL)

    town.deliver_mails()
    by_topic = {mail["subject"]: mail for mail in town.mails()}
    told, coded = by_topic["Eine neue E-Mail-Adresse für Ihr Konto"], by_topic["Ihr Code für die Nachbarschaft"]
    assert told["recipient_sha256"] != coded["recipient_sha256"]
    assert neighbour.person["name"] not in coded["text"] + told["text"]
    assert sign_in(town, neighbour.email, PASSWORD) == 200

    redeemed = redeem(town, code_in(coded), PASSWORD).json["person"]
    assert (redeemed["email"], redeemed["pending_email"]) == (NEW_EMAIL, None)
    assert sign_in(town, neighbour.email, PASSWORD) == 401
    assert sign_in(town, NEW_EMAIL, PASSWORD) == 200


def test_the_old_address_is_told_also_where_its_mail_comes_after_the_change(town: Town) -> None:
    neighbour = town.neighbour()
    ask_new_email(neighbour)
    put_off(town, "new_email_asked")
    assert redeem(town, last_code(town), PASSWORD).json["person"]["email"] == NEW_EMAIL

    town.clock.forward(minutes=5)
    assert town.deliver_mails() == {"sent": 1}

    assert town.mails()[-1]["recipient_sha256"] == hashlib.sha256(neighbour.email.encode()).hexdigest()[:16]
    with town.wiring.reading() as context:
        assert set(context.session.scalars(select(Mail.recipient))) == {None}, "it is kept no longer than needed"


def test_a_new_address_needs_a_fresh_sign_in(town: Town) -> None:
    neighbour = town.neighbour()
    town.clock.instant += timedelta(minutes=10)
    session = town.call("POST", "/v1/auth/refresh", {"refresh_token": neighbour.session["refresh_token"]}).json
    town.clock.instant += timedelta(minutes=6)
    later = Neighbour(town, neighbour.person, session["session"], neighbour.email)

    refused = ask_new_email(later)

    assert (refused.status_code, refused.json["code"]) == (403, "sign_in_again")
    assert later.get("/v1/me").json["pending_email"] is None


def test_an_address_in_use_gets_no_mail_and_nobody_is_told(town: Town) -> None:
    neighbour, other, third = (town.neighbour() for _ in range(3))
    taken, free = ask_new_email(neighbour, other.email), ask_new_email(third)

    assert taken.status_code == free.status_code == 200
    assert taken.json.keys() == free.json.keys()
    assert town.deliver_mails() == {"sent": 3, "dropped": 1}


def test_of_two_who_want_one_address_the_first_to_redeem_has_it(town: Town) -> None:
    first, second = town.neighbour(), town.neighbour()
    ask_new_email(first)
    ask_new_email(second)
    town.deliver_mails()
    codes = [code_in(mail) for mail in town.mails() if CODE.search(mail["text"])]

    assert sorted(redeem(town, code).status_code for code in codes) == [200, 409]


def test_the_present_address_takes_the_wish_back(town: Town) -> None:
    neighbour = town.neighbour()
    ask_new_email(neighbour)
    assert ask_new_email(neighbour, neighbour.email).json["pending_email"] is None

    assert town.deliver_mails() == {"sent": 1, "dropped": 1}
    assert [mail["subject"] for mail in town.mails()] == ["Eine neue E-Mail-Adresse für Ihr Konto"]


def test_whoever_changes_their_password_stops_a_change_that_was_not_theirs(town: Town) -> None:
    neighbour = town.neighbour()
    ask_new_email(neighbour)
    town.deliver_mails()
    code = next(code_in(mail) for mail in town.mails() if CODE.search(mail["text"]))

    assert neighbour.post("/v1/me/password", {"old": PASSWORD, "new": NEW_PASSWORD}).status_code == 204

    assert neighbour.get("/v1/me").json["pending_email"] is None
    assert redeem(town, code).status_code == 401


def test_too_many_new_addresses_are_refused(town: Town) -> None:
    limited(town)
    neighbour = town.neighbour()
    answers = [ask_new_email(neighbour, f"wish{number}@example.net") for number in range(PER_HOUR + 1)]

    assert [answer.status_code for answer in answers] == [200] * PER_HOUR + [429]


def test_a_strangers_mailbox_is_not_filled_with_several_accounts_either(town: Town) -> None:
    limited(town)
    answers = [ask_new_email(town.neighbour()) for _ in range(CODES_PER_ADDRESS + 2)]

    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json["pending_email"] for answer in answers} == {NEW_EMAIL}
    town.deliver_mails()
    assert coded(town) == CODES_PER_ADDRESS

    town.clock.forward(hours=1)
    ask_new_email(town.neighbour())
    town.deliver_mails()
    assert coded(town) == CODES_PER_ADDRESS + 1


def coded(town: Town) -> int:
    """How many mails have carried a code."""
    return sum(bool(CODE.search(mail["text"])) for mail in town.mails())


def test_an_address_that_is_none_and_a_phone_are_refused(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    for body in ({"email": "no address"}, {"email": None}, {"email": "a@b.example\r\nBcc: x"}, {"phone": "+49234"}):
        assert neighbour.patch("/v1/me", body, If_Match="*").status_code == 422, body
