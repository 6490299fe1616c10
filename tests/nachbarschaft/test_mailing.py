"""Mails: who gets which, and when; that it is still true and wanted; and one a day of what can wait."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from jobs.courier import Courier
from models import DeliveryTally, Mail, Notification, Person
from nachbarschaft.mailserver import MailServer, Tls
from nachbarschaft.services import unsubscribing
from nachbarschaft.services.mailing import MailLine
from nachbarschaft.services.owing_mail import owe_otherwise
from nachbarschaft.services.pushing import PushLine
from nachbarschaft.smtp.gateway import SmtpGateway
from tests.nachbarschaft.test_deliveries import a_gateway
from tests.support.databases import Databases
from tests.support.fcm import Answer, LoopbackFcm
from tests.support.smtp import CUT, LoopbackSmtp
from tests.support.town import PASSWORD, PUBLIC_URL, Neighbour, Town

EIGHT = datetime(2026, 6, 11, 6, 0, tzinfo=UTC)
"""The morning after, 08:00 in Herne."""


def choose(who: Neighbour, **channels: list[str]) -> None:
    assert who.put("/v1/me/preferences", {"channels": channels}).status_code == 200


def far_away(town: Town) -> dict[str, str]:
    """A need that can be answered well after tomorrow's digest."""
    return {"needed_from": town.in_hours(72), "needed_until": town.in_hours(120)}


def mails(town: Town) -> list[Mail]:
    with town.wiring.reading() as context:
        return list(context.session.scalars(select(Mail).order_by(Mail.id)))


def outcomes(town: Town) -> list[tuple[str, str | None]]:
    return [(mail.state, mail.outcome) for mail in mails(town)]


def texts(town: Town) -> list[str]:
    return [mail["text"] for mail in town.mails()]


def over_smtp(town: Town, server: LoopbackSmtp) -> None:
    """From now on mails go out for real."""
    gateway = SmtpGateway(MailServer("127.0.0.1", server.port, Tls.IF_OFFERED), "hilfe@herne.example")
    town.mail_courier.close()
    town.mail_courier = Courier(town.wiring, MailLine(gateway, PUBLIC_URL))


# --- Who gets a mail ------------------------------------------------------------------------------------------


def test_whoever_has_no_phone_is_asked_by_mail(town: Town) -> None:
    volunteer = town.volunteer(phone=False)
    town.neighbour().ask(urgent=True)

    assert town.deliver_mails() == {"sent": 1}

    [mail] = town.mails()
    [entry] = volunteer.inbox()
    assert (mail["subject"], mail["language"], mail["message_id"]) == ("Können Sie helfen?", "de", entry["id"])
    assert entry["body"] in mail["text"]
    assert entry["link"] in mail["text"]
    assert "Ja oder Nein sagen Sie in der App" in mail["text"]
    assert mail["unsubscribe_url"].startswith(f"{PUBLIC_URL}/v1/mail/unsubscribe/")
    assert mail["unsubscribe_url"] in mail["text"]
    assert mail["unsubscribe_url"] in mail["html"]
    assert town.deliver_mails() == {}


def test_whoever_has_a_phone_gets_mail_beside_it_only_if_they_chose_so(town: Town) -> None:
    both, push_only, mail_only, inbox_only = (town.volunteer() for _ in range(4))
    choose(both, asked=["push", "mail"])
    choose(mail_only, asked=["mail"])
    choose(inbox_only, asked=[])
    town.neighbour().ask(urgent=True)

    town.deliver()
    town.deliver_mails()

    assert {push["notification_id"] for push in town.sent()} == {who.inbox()[0]["id"] for who in (both, push_only)}
    assert {mail["message_id"] for mail in town.mails()} == {who.inbox()[0]["id"] for who in (both, mail_only)}
    assert len(inbox_only.inbox()) == 1


def test_nobody_is_mailed_that_it_is_settled(town: Town) -> None:
    first, second = town.volunteer(phone=False), town.volunteer(phone=False)
    request = town.neighbour().ask(urgent=True)
    town.deliver_mails()
    first.act(request, "accept")

    town.deliver_mails()

    assert [entry["title"] for entry in second.inbox()] == ["Es ist alles geregelt"]
    assert [mail["kind"] for mail in town.mails()] == ["asked", "asked", "request_changed"]


def test_a_mail_names_nobody_no_place_and_nothing_of_the_request(town: Town) -> None:
    volunteer = town.volunteer("Zacharias Unverkennbar", phone=False)
    asker = town.neighbour("Ottilie Unverwechselbar")
    with capture_logs() as logs:
        request = asker.ask(urgent=True, public_note="Bitte etwas Schwarzbrot")
        volunteer.act(request, "accept")
        town.deliver_mails()

    said = repr([mail | {"unsubscribe_url": None} for mail in town.mails()]) + repr(logs)
    for secret in ("Zacharias", "Ottilie", "Schwarzbrot", "Wilhelm", "Blumenthal", "@example.org", "Einkauf"):
        assert secret not in said, secret
    assert len(town.mails()) == 1  # the ask was settled before it was sent, and the asker is told


def test_a_mail_says_it_in_its_readers_language_and_both_parts_say_the_same(small_town: Town) -> None:
    speakers = {language: small_town.neighbour(language=language) for language in ("de", "en", "ar")}
    for who in speakers.values():
        who.offer(languages=["de"])
    small_town.neighbour().ask(urgent=True)

    small_town.deliver_mails()

    by_id = {mail["message_id"]: mail for mail in small_town.mails()}
    found = {language: by_id[who.inbox()[0]["id"]] for language, who in speakers.items()}
    assert found["en"]["subject"] == "Can you help?"
    assert '<html lang="en" dir="ltr">' in found["en"]["html"]
    # Nobody has written Arabic yet: it is German, and says so to whoever reads it aloud.
    assert (found["ar"]["language"], found["ar"]["subject"]) == ("de", "Können Sie helfen?")
    assert '<html lang="de" dir="ltr">' in found["ar"]["html"]


# --- When ----------------------------------------------------------------------------------------------------


def test_what_can_wait_comes_the_next_morning_in_one_mail(town: Town) -> None:
    volunteer = town.volunteer(phone=False)
    asker = town.neighbour()
    for _ in range(3):
        asker.ask(**far_away(town))

    assert [(mail.digest, mail.due_at) for mail in mails(town)] == [(True, EIGHT)] * 3
    assert town.deliver_mails() == {}
    town.clock.instant = EIGHT
    assert town.deliver_mails() == {"sent": 3}

    [mail] = town.mails()
    assert mail["subject"] == "Neues aus Ihrer Nachbarschaftshilfe"
    assert mail["text"].count("Können Sie helfen?") == 3
    assert mail["html"].count("<h1>") == 3
    assert "das hatte Zeit" in mail["text"]
    assert mail["message_id"].startswith("digest-")
    assert volunteer.person["name"] not in mail["text"]


def test_what_is_urgent_or_ends_soon_comes_at_once(town: Town) -> None:
    town.volunteer(phone=False)
    asker = town.neighbour()
    asker.ask(urgent=True, **far_away(town))
    asker.ask()

    assert [mail.digest for mail in mails(town)] == [False, False]
    assert town.deliver_mails() == {"sent": 2}
    assert len(town.mails()) == 2


def test_a_digest_of_which_nothing_is_left_is_not_sent(town: Town) -> None:
    town.volunteer(phone=False)
    asker = town.neighbour()
    requests = [asker.ask(**far_away(town)) for _ in range(2)]
    asker.act(requests[0], "cancel")
    town.clock.instant = EIGHT
    asker = signed_in_again(town, asker)

    town.deliver_mails()
    [mail] = town.mails()
    assert mail["subject"] == "Können Sie helfen?"
    assert sorted(outcomes(town)) == [("dropped", "settled"), ("sent", "sent")]


@pytest.mark.parametrize(
    ("noon_before", "morning"),
    [
        (datetime(2026, 3, 28, 11, tzinfo=UTC), datetime(2026, 3, 29, 6, tzinfo=UTC)),  # 08:00 in summer time
        (datetime(2026, 10, 24, 10, tzinfo=UTC), datetime(2026, 10, 25, 7, tzinfo=UTC)),  # 08:00 in winter time
    ],
)
def test_the_digest_comes_at_eight_also_when_the_clocks_change(
    town: Town, noon_before: datetime, morning: datetime
) -> None:
    town.clock.instant = noon_before
    town.volunteer(phone=False)
    town.neighbour().ask(**far_away(town))

    town.clock.instant = morning - timedelta(seconds=1)
    assert town.deliver_mails() == {}
    town.clock.instant = morning
    assert town.deliver_mails() == {"sent": 1}


def test_quiet_hours_hold_a_mail_too(town: Town) -> None:
    volunteer = town.volunteer(phone=False)
    volunteer.put("/v1/me/preferences", {"quiet_from": "11:00", "quiet_until": "14:00"})
    asker = town.neighbour()
    asker.ask(urgent=True)
    with town.wiring.reading() as context:  # an ask waits already at choice time: here it is the asker who is told
        assert context.session.scalar(select(Mail)) is None
    asker.put("/v1/me/preferences", {"quiet_from": "11:00", "quiet_until": "14:00"})
    helper = town.volunteer()
    helper.act(asker.ask(), "accept")

    assert town.deliver_mails() == {"held": 1}
    town.clock.instant += timedelta(hours=2)
    assert town.deliver_mails() == {"sent": 1}


def test_a_digest_uses_nothing_of_the_days_limit_up_and_is_not_cut_by_it(town: Town) -> None:
    volunteer = town.volunteer(phone=False)
    volunteer.put("/v1/me/preferences", {"pushes_per_day": 1, "asks_per_week": 50})
    asker = town.neighbour()
    for _ in range(2):
        asker.ask(**far_away(town))
    town.clock.instant = EIGHT
    town.deliver_mails()
    assert town.mails()[0]["text"].count("Können Sie helfen?") == 2

    signed_in_again(town, asker).ask(urgent=True)
    assert town.deliver_mails() == {"sent": 1}


def signed_in_again(town: Town, who: Neighbour) -> Neighbour:
    answer = town.call("POST", "/v1/auth/sign-in", {"login": who.email, "password": PASSWORD}).json
    return Neighbour(town, answer["person"], answer["session"], who.email)


# --- Looked at once more --------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["read", "suspended", "stopped", "unwanted", "no address", "refused"])
def test_what_changed_meanwhile_counts(town: Town, what: str) -> None:
    volunteer = town.volunteer(phone=False)
    town.neighbour().ask(urgent=True)
    why = {"stopped": "not_wanted", "unwanted": "not_wanted", "no address": "no_address", "refused": "no_address"}
    match what:
        case "read":
            volunteer.post(f"/v1/me/notifications/{volunteer.inbox()[0]['id']}/read")
        case "suspended":
            town.change_person(volunteer, suspended_at=town.clock.now())
        case "stopped":
            stop_mails(town, volunteer)
        case "unwanted":
            choose(volunteer, asked=[])
        case "no address":
            town.change_person(volunteer, email=None)
        case "refused":
            town.change_person(volunteer, email_refused_at=town.clock.now())

    assert town.deliver_mails() == {"dropped": 1}
    assert outcomes(town) == [("dropped", why.get(what, what))]
    assert town.mails() == []


def stop_mails(town: Town, who: Neighbour) -> None:
    with town.wiring.writing() as context:
        unsubscribing.stop_mails(context, unsubscribing.token_of(context.session.get_one(Person, who.uuid)))


# --- In the place of a push ------------------------------------------------------------------------------------


def test_the_last_phone_that_is_gone_leaves_a_mail(town: Town, tmp_path: Path) -> None:
    volunteer = town.volunteer()
    with LoopbackFcm() as fcm:
        fcm.behave(None, Answer(404, "UNREGISTERED"))
        town.courier.close()
        town.courier = Courier(town.wiring, PushLine(a_gateway(fcm, tmp_path)))
        town.neighbour().ask(urgent=True)
        assert mails(town) == []

        town.deliver()

    assert town.deliver_mails() == {"sent": 1}
    assert [mail["message_id"] for mail in town.mails()] == [volunteer.inbox()[0]["id"]]


def test_a_phone_that_is_left_is_enough(town: Town, tmp_path: Path) -> None:
    volunteer = town.volunteer()
    volunteer.register_phone()
    with LoopbackFcm() as fcm:
        fcm.behave(f"address-{volunteer.id}-1", Answer(404, "UNREGISTERED"))
        town.courier.close()
        town.courier = Courier(town.wiring, PushLine(a_gateway(fcm, tmp_path)))
        town.neighbour().ask(urgent=True)
        town.deliver()

    assert mails(town) == []


def test_a_mail_in_the_place_of_a_push_is_owed_once(town: Town) -> None:
    volunteer = town.volunteer(phone=False)
    town.neighbour().ask(urgent=True)
    with town.wiring.writing() as context:
        notice = context.session.scalars(select(Notification).where(Notification.person_id == volunteer.uuid)).one()
        for _ in range(2):
            owe_otherwise(context, notice.id)

    assert len(mails(town)) == 1


def test_whoever_set_the_app_up_anew_is_sent_it_there_and_gets_no_mail(town: Town, tmp_path: Path) -> None:
    """The old phone's address is dead; the new one came after the notice was owed."""
    volunteer = town.volunteer()
    with LoopbackFcm() as fcm:
        fcm.behave(f"address-{volunteer.id}-1", Answer(404, code="UNREGISTERED"))
        town.courier.close()
        town.courier = Courier(town.wiring, PushLine(a_gateway(fcm, tmp_path)))
        town.neighbour().ask(urgent=True)
        new = volunteer.register_phone()
        town.deliver()

        assert [post.address for post in fcm.posts] == [f"address-{volunteer.id}-1", new]
    assert mails(town) == []


# --- Over a real line -----------------------------------------------------------------------------------------


def test_an_address_of_nobody_is_remembered_and_stays_a_login(town: Town) -> None:
    volunteer = town.volunteer(phone=False)
    with LoopbackSmtp() as server:
        over_smtp(town, server)
        server.behave("RCPT", "550 5.1.1 no such user")
        town.neighbour().ask(urgent=True)
        assert town.deliver_mails() == {"address_gone": 1}
        town.neighbour().ask(urgent=True)
        assert town.deliver_mails() == {}, "nothing more goes there by itself"

        assert server.mails == []
        login = {"login": volunteer.email, "password": PASSWORD}
        assert town.call("POST", "/v1/auth/sign-in", login).status_code == 200
        with town.wiring.reading() as context:
            tally = context.session.scalars(select(DeliveryTally).where(DeliveryTally.channel == "mail")).one()
            assert (tally.outcome, tally.count) == ("smtp_550", 1)

        # What they ask for themselves is tried, and shows that somebody lives there after all.
        town.call("POST", "/v1/auth/codes", {"login": volunteer.email})
        assert town.deliver_mails() == {"sent": 1}
    with town.wiring.reading() as context:
        assert context.session.get_one(Person, volunteer.uuid).email_refused_at is None


def test_a_digest_that_failed_is_sent_again_as_one_and_with_the_same_id(town: Town) -> None:
    town.volunteer(phone=False)
    asker = town.neighbour()
    for _ in range(3):
        asker.ask(**far_away(town))
    town.clock.instant = EIGHT
    with LoopbackSmtp() as server:
        over_smtp(town, server)
        server.behave("DATA", CUT)
        assert town.deliver_mails() == {"retry": 3}
        assert [mail.may_have_arrived for mail in mails(town)] == [True] * 3
        town.clock.instant += timedelta(minutes=1)
        assert town.deliver_mails() == {"sent": 3}

        assert len({mail.message["Message-ID"] for mail in server.mails}) == 1


def test_a_mail_server_that_is_away_for_a_while_loses_nothing(town: Town) -> None:
    town.volunteer(phone=False)
    town.neighbour().ask(urgent=True)
    with LoopbackSmtp() as server:
        over_smtp(town, server)
        server.behave("RCPT", "451 4.3.0 later", "450 4.7.1 greylisted")
        for _ in range(2):
            assert town.deliver_mails() == {"retry": 1}
            town.clock.instant += timedelta(minutes=1)
        assert town.deliver_mails() == {"sent": 1}


def test_two_senders_never_share_one_persons_digest(town: Town) -> None:
    for _ in range(2):
        town.volunteer(phone=False)
    asker = town.neighbour()
    for _ in range(3):
        asker.ask(**far_away(town))
    town.clock.instant = EIGHT
    line = MailLine(Never(), PUBLIC_URL)

    with town.wiring.writing() as context:
        first = line.claim(context, 1, None)
    with town.wiring.writing() as context:
        second = line.claim(context, 1, None)
        assert line.claim(context, 1, None) == []

    assert (len(first), len(second)) == (3, 3)
    with town.wiring.reading() as context:
        assert [len(parcel.claims) for parcel in line.prepare(context, [*first, *second])] == [3, 3]


def test_while_one_sender_takes_a_digest_no_other_gets_a_piece_of_it(databases: Databases, tmp_path: Path) -> None:
    """On PostgreSQL, where two may claim at the same moment."""
    with databases.fresh("postgresql") as url, Town(url, tmp_path) as town:
        town.volunteer(phone=False)
        asker = town.neighbour()
        for _ in range(3):
            asker.ask(**far_away(town))
        town.clock.instant = EIGHT
        line = MailLine(Never(), PUBLIC_URL)

        with town.wiring.writing() as one, town.wiring.writing() as another:
            assert len(line.claim(one, 2, None)) == 3
            assert line.claim(another, 2, None) == []


class Never:
    """A gateway for what is only claimed."""

    name = "never"

    def send(self, message: Any) -> Any:
        raise AssertionError(message)

    def close(self) -> None:
        """Nothing is open."""
