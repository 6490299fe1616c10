"""A code, and the address that a mail goes to, are kept no longer than the mail can need them."""

from datetime import timedelta

from sqlalchemy import select

from models import Mail, OneTimeCode
from models.lifecycle import DeliveryState
from tests.support.town import Town


def test_a_code_whose_mail_was_never_sent_is_forgotten_when_it_has_ended(town: Town) -> None:
    neighbour = town.neighbour()
    town.call("POST", "/v1/auth/codes", {"login": neighbour.email})
    town.clock.forward(minutes=59)
    assert town.run("forget-personal-data")["codes"] == 0
    town.clock.forward(minutes=1)

    assert town.run("forget-personal-data")["codes"] == 1

    with town.wiring.reading() as context:
        assert context.session.scalars(select(OneTimeCode.sealed_code)).all() == [None]


def test_where_a_settled_mail_went_is_forgotten(town: Town) -> None:
    neighbour = town.neighbour()
    path, headers = "/v1/me", {"If_Match": neighbour.get("/v1/me").headers["ETag"]}
    assert neighbour.patch(path, {"email": "new@example.org"}, **headers).status_code == 200
    assert town.run("forget-personal-data")["recipients"] == 0
    with town.wiring.writing() as context:
        for mail in context.session.scalars(select(Mail)):
            mail.state, mail.settled_at = DeliveryState.FAILED, context.now + timedelta(seconds=1)

    assert town.run("forget-personal-data")["recipients"] == 1

    with town.wiring.reading() as context:
        assert set(context.session.scalars(select(Mail.recipient))) == {None}
