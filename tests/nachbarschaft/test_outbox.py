"""What is owed: written with the change it tells of or not at all; the settled notice only where it replaces an ask."""

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from models import Delivery, HelpRequest, Invitation, Notification
from models.lifecycle import InvitationState, RequestState
from nachbarschaft.context import Actor
from nachbarschaft.push import PushMessage
from nachbarschaft.sending import Outcome, SendResult
from nachbarschaft.services import outbox
from nachbarschaft.services.opening import Asking
from nachbarschaft.services.outbox import owe
from nachbarschaft.services.outgoing import Settlement, claim_due, settle_all
from nachbarschaft.services.owing_mail import owe_mail
from nachbarschaft.services.places import Place
from nachbarschaft.services.pushing import prepare_pushes
from nachbarschaft.services.requests import open_request
from tests.nachbarschaft.owed import owed
from tests.support.databases import Databases
from tests.support.town import BLUMENTHAL, Neighbour, Town


class _Interrupted(Exception):
    """Ends a transaction before its commit."""


def test_a_notice_has_one_push_for_each_device_and_an_entry_in_the_inbox(town: Town) -> None:
    volunteer = town.volunteer()
    volunteer.register_phone()
    without_phone = town.volunteer(phone=False)
    town.neighbour().ask()
    pushes = owed(town)
    assert sorted(push.address or "" for push in pushes) == [
        f"address-{volunteer.id}-1",
        f"address-{volunteer.id}-2",
    ]
    assert {(push.topic, push.state, push.due_at) for push in pushes} == {("asked", "pending", town.clock.now())}
    assert len(volunteer.inbox()) == len(without_phone.inbox()) == 1


def test_what_is_rolled_back_owes_nothing(town: Town) -> None:
    volunteer, requester = town.volunteer(), town.neighbour()
    now = town.clock.now()
    place = Place(address="Wilhelmstraße 5", **BLUMENTHAL)
    asking = Asking("shopping", now + timedelta(hours=1), now + timedelta(hours=9), place=place)

    def ask_and_break_off() -> None:
        with town.wiring.writing() as context:
            open_request(replace(context, actor=Actor(requester.uuid)), asking)
            context.session.flush()
            assert context.session.scalar(select(func.count()).select_from(Delivery)) == 1
            raise _Interrupted

    with pytest.raises(_Interrupted):
        ask_and_break_off()
    with town.wiring.reading() as context:
        for table in (Notification, Delivery, Invitation, HelpRequest):
            assert context.session.scalar(select(func.count()).select_from(table)) == 0
    assert town.deliver() == {}
    assert volunteer.inbox() == []


def test_an_ask_lives_as_long_as_its_request_and_other_news_for_three_days(small_town: Town) -> None:
    volunteer, requester = small_town.volunteer(), small_town.neighbour()
    requester.register_phone()
    request = requester.ask()
    volunteer.act(request, "accept")
    ends = {push.topic: push.ends_at for push in owed(small_town)}
    assert ends == {
        "asked": datetime.fromisoformat(request["expires_at"]),
        "filled": small_town.clock.now() + timedelta(days=3),
    }


def test_every_push_has_its_entry_in_the_inbox(small_town: Town) -> None:
    winner, loser = small_town.volunteer(), small_town.volunteer()
    requester = small_town.neighbour()
    requester.register_phone()
    request = requester.ask()
    small_town.deliver()
    winner.act(request, "accept")
    winner.act(request, "withdraw")
    small_town.deliver()
    sent = small_town.sent()
    assert len(sent) == 5
    for push in sent:
        found = [one.get(f"/v1/me/notifications/{push['notification_id']}") for one in (winner, loser, requester)]
        [entry] = [answer.json for answer in found if answer.status_code == 200]
        assert (entry["kind"], entry["link"], entry["request"]) == (push["kind"], push["link"], request["id"])


def test_a_settled_notice_never_replaces_the_ask_that_came_after_it(town: Town) -> None:
    winner, waiting = town.volunteer(phone=False), town.volunteer()
    request = town.neighbour().ask()
    town.deliver()
    winner.act(request, "accept")
    winner.act(request, "withdraw")
    assert waiting.invitations()[0]["state"] == "asked"
    assert town.deliver() == {"dropped": 1, "sent": 1}
    assert [push["silent"] for push in town.sent()] == [False, False]
    assert owed(town, "settled")[0].outcome == "asked_again"


# --- The settled notice -------------------------------------------------------------------------------------


def test_settled_goes_silently_and_only_to_devices_that_were_sent_to(town: Town) -> None:
    winner, loser = town.volunteer(), town.volunteer()
    request = town.neighbour().ask()
    town.deliver()
    loser.register_phone()
    [before] = [push for push in town.sent() if _is_to(push, loser, 1)]

    winner.act(request, "accept")
    [settled] = owed(town, "settled")
    assert (settled.address, settled.silent) == (f"address-{loser.id}-1", True)
    assert town.deliver() == {"sent": 1}
    after = town.sent()[-1]
    assert after["silent"]
    assert not after["urgent"]
    assert after["address_sha256"] == before["address_sha256"]
    assert after["collapse_key"] == before["collapse_key"]
    assert after["notification_id"] != before["notification_id"]


def test_an_ask_that_was_not_sent_yet_is_dropped_and_nobody_learns_that_it_is_settled(town: Town) -> None:
    winner, loser = town.volunteer(), town.volunteer()
    request = town.neighbour().ask()
    winner.act(request, "accept")
    assert town.deliver() == {"dropped": 2, "held": 1}
    town.clock.forward(seconds=5)
    assert town.deliver() == {"dropped": 1}
    assert town.sent() == []
    assert [push.outcome for push in owed(town, "asked")] == ["settled"] * 2
    assert [(push.person_id, push.outcome) for push in owed(town, "settled")] == [(loser.uuid, "never_sent")]
    assert [entry["title"] for entry in loser.inbox()] == ["Es ist alles geregelt"], "the inbox tells it all the same"


@pytest.mark.parametrize(("attempt", "expected"), [(Outcome.SENT, "sent"), (Outcome.RETRY, "dropped")])
def test_while_the_ask_is_being_sent_the_settled_notice_waits_to_see_whether_it_arrives(
    town: Town, attempt: Outcome, expected: str
) -> None:
    winner, loser = town.volunteer(phone=False), town.volunteer()
    request = town.neighbour().ask()
    with town.wiring.writing() as context:
        [claim] = claim_due(context.session, Delivery, context.now, 10)
        [parcel] = prepare_pushes(context.session, [claim], context.now)
    assert isinstance(parcel.step, PushMessage)
    winner.act(request, "accept")
    assert town.deliver() == {"held": 1}
    assert owed(town, "settled")[0].due_at == town.clock.now() + timedelta(seconds=5)

    with town.wiring.writing() as context:
        ending = Settlement(claim, SendResult(attempt, "as it went"))
        assert settle_all(context.session, Delivery, [ending], context.now)
    for _ in range(2):
        town.clock.forward(seconds=30)
        town.deliver()
    assert owed(town, "settled")[0].state == expected
    assert len(town.sent()) == (expected == "sent")
    assert len(loser.inbox()) == 1


def test_an_ask_that_leaves_while_the_request_is_being_settled_is_replaced_too(
    databases: Databases, tmp_path: Path
) -> None:
    """On PostgreSQL, where a sender looks at what another transaction has not committed yet."""
    with databases.fresh("postgresql") as url, Town(url, tmp_path) as town:
        loser = town.volunteer()
        request = town.neighbour().ask()
        with town.wiring.writing() as settling:
            found = settling.session.get_one(HelpRequest, UUID(request["id"]))
            found.state, found.closed_at = RequestState.CANCELLED, settling.now
            owe(settling, loser.uuid, "settled", found)
            assert town.deliver() == {"sent": 1}
            settling.session.execute(update(Invitation).values(state=InvitationState.LAPSED))
        assert town.deliver() == {"sent": 1}
        assert [push["silent"] for push in town.sent()] == [False, True]


def test_a_phone_that_registers_at_this_moment_keeps_no_mail_from_whoever_had_none(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL, where it may register between the look at the phones and the mail."""
    with databases.fresh("postgresql") as url, Town(url, tmp_path) as town:
        neighbour = town.neighbour()
        mailed = owe_mail

        def after_registering(*args: Any, **how: Any) -> None:
            neighbour.register_phone()
            mailed(*args, **how)

        monkeypatch.setattr(outbox, "owe_mail", after_registering)
        with town.wiring.writing() as context:
            owe(context, neighbour.uuid, "undone")
        assert (town.deliver(), town.deliver_mails()) == ({}, {"sent": 1})


def test_the_settled_notice_counts_against_no_limit(small_town: Town) -> None:
    winner, loser = small_town.volunteer(phone=False), small_town.volunteer()
    loser.put("/v1/me/preferences", {"pushes_per_day": 2})
    requester = small_town.neighbour()
    request = requester.ask()
    small_town.deliver()
    winner.act(request, "accept")
    small_town.deliver()
    requester.ask()
    assert small_town.deliver() == {"sent": 1}
    assert [push["silent"] for push in small_town.sent()] == [False, True, False]


def test_the_settled_notice_reaches_whoever_has_used_up_the_day_or_sleeps(small_town: Town) -> None:
    winner, loser = small_town.volunteer(phone=False), small_town.volunteer()
    loser.put("/v1/me/preferences", {"pushes_per_day": 1, "quiet_from": "12:30", "quiet_until": "20:00"})
    request = small_town.neighbour().ask()
    small_town.deliver()
    small_town.clock.forward(hours=1)
    winner.act(request, "accept")
    assert small_town.deliver() == {"sent": 1}
    assert small_town.sent()[-1]["silent"]


def test_whoever_declined_is_not_told_that_it_is_settled(small_town: Town) -> None:
    winner, decliner = small_town.volunteer(phone=False), small_town.volunteer()
    request = small_town.neighbour().ask()
    small_town.deliver()
    decliner.act(request, "decline")
    winner.act(request, "accept")
    assert owed(small_town, "settled") == []


def test_the_collapse_key_differs_from_person_to_person_and_from_request_to_request(small_town: Town) -> None:
    one, _another = small_town.volunteer(), small_town.volunteer()
    requester = small_town.neighbour()
    requests = [requester.ask(), requester.ask()]
    small_town.deliver()
    keys = [push["collapse_key"] for push in small_town.sent()]
    assert len(keys) == len(set(keys)) == 4
    assert all(len(key) == 32 for key in keys)
    known = {one.id, *(request["id"] for request in requests)}
    assert not any(part in key for key in keys for part in known)


def _is_to(push: dict[str, object], neighbour: Neighbour, number: int) -> bool:
    return push["address_sha256"] == sha256(f"address-{neighbour.id}-{number}".encode()).hexdigest()[:16]


def test_an_ask_whose_sending_timed_out_is_settled_on_the_phone_too(town: Town) -> None:
    """It may have arrived: somebody would stand before a door that nobody needs opened."""
    winner, waiting = town.volunteer(phone=False), town.volunteer()
    request = town.neighbour().ask()
    with town.wiring.writing() as context:
        [claim] = claim_due(context.session, Delivery, context.now, 10)
        unclear = SendResult(Outcome.RETRY, "timeout", may_have_arrived=True)
        settle_all(context.session, Delivery, [Settlement(claim, unclear)], context.now)
    winner.act(request, "accept")
    town.clock.forward(minutes=1)

    assert town.deliver() == {"dropped": 1, "sent": 1}

    [push] = town.sent()
    assert push["silent"]
    assert owed(town, "settled")[0].person_id == waiting.uuid


def test_an_ask_that_its_sender_died_with_is_settled_on_the_phone_too(town: Town) -> None:
    winner, _waiting = town.volunteer(phone=False), town.volunteer()
    request = town.neighbour().ask()
    with town.wiring.writing() as context:
        claim_due(context.session, Delivery, context.now, 10)
    town.clock.forward(minutes=2)
    town.run("deliver-pushes")
    winner.act(request, "accept")

    assert town.deliver() == {"dropped": 1, "sent": 1}
    assert [push["silent"] for push in town.sent()] == [True]


def test_an_ask_that_waits_is_not_sent_beside_the_one_that_replaced_it(town: Town) -> None:
    winner, waiting = town.volunteer(phone=False), town.volunteer()
    request = town.neighbour().ask()
    winner.act(request, "accept")
    winner.act(request, "withdraw")

    town.deliver()

    assert [push["silent"] for push in town.sent()] == [False]
    assert [push.state for push in owed(town) if push.person_id == waiting.uuid and not push.silent] == [
        "dropped",
        "sent",
    ]
