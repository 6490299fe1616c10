"""By which ways somebody is reached: what they chose, what they have, and what has failed for good."""

from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from models import Delivery, Device, Mail, Notification, Person, Preferences
from nachbarschaft.context import Context
from nachbarschaft.queries.channels import KINDS, gets_mail, is_mailed, is_pushed, is_reachable, wants_push
from nachbarschaft.services.preferences import DEFAULTS
from tests.api.states import appointed
from tests.support.town import Neighbour, Town

CHOICES: tuple[dict[str, Any] | None, ...] = (
    None,
    {},
    {"asked": []},
    {"asked": ["push"]},
    {"asked": ["mail"]},
    {"asked": ["push", "mail"], "news": []},
    {"news": ["mail"], "account": []},
)


def add_person(
    context: Context, like: UUID, channels: dict[str, Any] | None, *, email: bool, stopped: bool, refused: bool = False
) -> UUID:
    """Somebody of the same quarter; without a choice they have no row of preferences."""
    key = uuid4()
    quarter_id = context.session.get_one(Person, like).quarter_id
    address = f"{key}@example.org" if email else None
    context.session.add(
        Person(
            id=key,
            email=address,
            email_refused_at=context.now if refused else None,
            name="Neighbour",
            language="de",
            quarter_id=quarter_id,
            created_at=context.now,
        )
    )
    context.session.flush()
    if channels is not None:
        stopped_at = context.now if stopped else None
        context.session.add(Preferences(person_id=key, **DEFAULTS | {"channels": channels}, mail_stopped_at=stopped_at))
    return key


def add_device(context: Context, person_id: UUID) -> None:
    context.session.add(
        Device(
            person_id=person_id,
            installation="installation-1",
            address=f"address-{person_id}",
            address_hash=person_id.hex,
            kind="token",
            platform="android",
            language="de",
            app_version="1.0.0",
            created_at=context.now,
            seen_at=context.now,
        )
    )


def test_the_query_and_the_functions_say_the_same_of_everybody(town: Town) -> None:
    like = town.neighbour().uuid
    phones: dict[UUID, bool] = {}
    with town.wiring.writing() as context:
        for channels, phone, email, stopped, refused in product(CHOICES, *[(True, False)] * 4):
            made = add_person(context, like, channels, email=email, stopped=stopped, refused=refused)
            phones[made] = phone
            if phone:
                add_device(context, made)
    with town.wiring.reading() as context:
        for kind in KINDS:
            ways = select(Person, Preferences, is_pushed(kind), is_mailed(kind), is_reachable(kind))
            query = ways.outerjoin(Preferences, Preferences.person_id == Person.id).where(Person.id.in_(phones))
            rows = context.session.execute(query).all()
            assert len(rows) == len(phones)
            for person, preferences, pushed, mailed, reached in rows:
                has_phone = phones[person.id]
                assert pushed == (has_phone and wants_push(preferences, kind))
                assert mailed == gets_mail(person, preferences, kind, has_device=has_phone)
                assert reached == (pushed or mailed)


@pytest.mark.parametrize(
    ("channels", "has_device", "stopped", "mailed"),
    [
        (None, False, False, True),
        (None, True, False, False),
        ({"asked": ["mail"]}, True, False, True),
        ({"asked": ["push", "mail"]}, True, False, True),
        ({"asked": []}, False, False, False),
        ({}, False, True, False),
        ({"asked": ["mail"]}, False, True, False),
    ],
)
def test_mail_goes_to_whoever_chose_it_or_has_no_device_and_never_after_they_stopped_it(
    small_town: Town, channels: dict[str, Any] | None, has_device: bool, stopped: bool, mailed: bool
) -> None:
    like = small_town.neighbour().uuid
    with small_town.wiring.writing() as context:
        key = add_person(context, like, channels, email=True, stopped=stopped)
        context.session.flush()
        person, preferences = context.session.get_one(Person, key), context.session.get(Preferences, key)
        assert gets_mail(person, preferences, "asked", has_device=has_device) == mailed
        assert gets_mail(person, preferences, "account", has_device=False)
        person.email = None
        assert not gets_mail(person, preferences, "asked", has_device=has_device)


# --- For one request ----------------------------------------------------------------------------------------


def reach(town: Town, requester: Neighbour, request: dict[str, Any]) -> tuple[int, int, int]:
    """Asked, reachable, unreachable, as the requester is told."""
    told = requester.get(f"/v1/requests/{request['id']}/dispatch").json
    return told["asked"], told["reachable"], told["unreachable"]


def fail(town: Town, outgoing: type[Delivery] | type[Mail], person: Neighbour) -> int:
    """Everything on its way to somebody fails for good; returns how much there was."""
    theirs = select(Notification.id).where(Notification.person_id == person.uuid)
    with town.wiring.writing() as context:
        ended = {"state": "failed", "settled_at": context.now, "lease_until": None}
        query = update(outgoing).where(outgoing.notification_id.in_(theirs)).values(**ended)
        return context.session.connection().execute(query).rowcount


def test_a_phone_or_a_mail_reaches_and_whoever_wants_neither_is_unreachable(town: Town) -> None:
    town.volunteer()
    town.volunteer(phone=False)
    mute, without_address = town.volunteer(), town.volunteer(phone=False)
    mute.put("/v1/me/preferences", {"channels": {"asked": []}})
    town.change_person(without_address, email=None)
    requester = town.neighbour()
    request = requester.ask(urgent=True)
    assert reach(town, requester, request) == (4, 2, 2)


def test_whoever_no_push_arrived_at_is_unreachable_for_that_request_alone(town: Town) -> None:
    volunteer, requester = town.volunteer(), town.neighbour()
    volunteer.register_phone()
    request, other = requester.ask(urgent=True), requester.ask(urgent=True)
    assert reach(town, requester, request) == (1, 1, 0)
    with town.wiring.reading() as context:
        pushes = select(Delivery.id).join(Notification).where(Notification.request_id == UUID(request["id"]))
        first, second = context.session.scalars(pushes).all()
    for push, expected in ((first, (1, 1, 0)), (second, (1, 0, 1))):
        with town.wiring.writing() as context:
            ended = {"state": "failed", "settled_at": context.now}
            context.session.execute(update(Delivery).where(Delivery.id == push).values(**ended))
        assert reach(town, requester, request) == expected
    assert reach(town, requester, other) == (1, 1, 0)


def test_a_chosen_mail_still_reaches_where_the_push_has_failed_until_it_fails_too(town: Town) -> None:
    volunteer, requester = town.volunteer(), town.neighbour()
    request = requester.ask(urgent=True)
    with town.wiring.writing() as context:
        both = DEFAULTS | {"channels": {"asked": ["push", "mail"]}}
        context.session.merge(Preferences(person_id=volunteer.uuid, **both))
        theirs = select(Notification).where(Notification.person_id == volunteer.uuid)
        [notice] = context.session.scalars(theirs).all()
        context.session.add(Mail(notification_id=notice.id, due_at=context.now))
    assert fail(town, Delivery, volunteer) == 1
    assert reach(town, requester, request) == (1, 1, 0)
    assert fail(town, Mail, volunteer) == 1
    assert reach(town, requester, request) == (1, 0, 1)


def test_coordinators_are_told_how_many_cannot_be_reached(small_town: Town) -> None:
    without_address = small_town.volunteer(phone=False)
    small_town.change_person(without_address, email=None)
    request = small_town.neighbour().ask()
    assert reach(small_town, appointed(small_town, "blumenthal"), request) == (1, 0, 1)
