"""No more mails: with one click in a mail program or on a page, for nobody but whom the mail was for."""

import pytest
from sqlalchemy import select

from models import Event, Preferences
from tests.support.town import PUBLIC_URL, Neighbour, Reply, Town

ONE_CLICK = "List-Unsubscribe=One-Click"
FORM = "application/x-www-form-urlencoded"


def mailed(town: Town) -> tuple[Neighbour, str]:
    """Somebody without a phone who got a mail, and where that mail says it can be stopped."""
    volunteer = town.volunteer(phone=False)
    town.neighbour().ask(urgent=True)
    town.deliver_mails()
    [mail] = town.mails()
    return volunteer, str(mail["unsubscribe_url"]).removeprefix(PUBLIC_URL)


def send(town: Town, path: str, body: str = ONE_CLICK, kind: str = FORM, language: str = "en") -> Reply:
    headers = {"Content-Type": kind, "Accept-Language": language}
    return town._send("POST", path, body, headers)


def is_stopped(town: Town, who: Neighbour) -> bool:
    with town.wiring.reading() as context:
        found = context.session.get(Preferences, who.uuid)
        return found is not None and found.mail_stopped_at is not None


def test_one_click_stops_all_mails_but_those_about_the_account(town: Town) -> None:
    volunteer, path = mailed(town)

    answer = send(town, path)

    assert answer.status_code == 200
    assert "You get no more mails" in answer.text
    town.neighbour().ask(urgent=True)
    assert town.deliver_mails() == {}
    assert len(volunteer.inbox()) == 2, "the inbox has it all the same"
    town.call("POST", "/v1/auth/codes", {"login": volunteer.email})
    assert town.deliver_mails() == {"sent": 1}


def test_mail_programs_may_send_it_in_parts(town: Town) -> None:
    volunteer, path = mailed(town)
    body = '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'

    assert send(town, path, body, "multipart/form-data; boundary=x").status_code == 200
    assert is_stopped(town, volunteer)


def test_looking_at_the_link_stops_nothing_and_shows_a_page_that_asks(town: Town) -> None:
    volunteer, path = mailed(town)

    page = town.call("GET", path, Accept_Language="de")

    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert '<html lang="de" dir="ltr">' in page.text
    assert '<form method="post">' in page.text
    assert 'name="List-Unsubscribe" value="One-Click"' in page.text
    assert "form-action 'self'" in page.headers["Content-Security-Policy"]
    assert not [word for word in ("<script", "http://", "https://", volunteer.person["name"]) if word in page.text]
    assert not is_stopped(town, volunteer)


def test_a_token_of_nobody_gets_the_same_answer_and_does_nothing(town: Town) -> None:
    volunteer, path = mailed(town)
    changed = path[:-1] + ("A" if path[-1] != "A" else "E")
    of_another = path[:-22] + "A" * 22
    answers = [send(town, wrong) for wrong in (changed, of_another, path[:-43] + "A" * 43)]

    assert not is_stopped(town, volunteer)
    assert {(answer.status_code, answer.text) for answer in (*answers, send(town, path))} == {(200, answers[0].text)}
    assert is_stopped(town, volunteer)


def test_it_is_written_down_once(town: Town) -> None:
    volunteer, path = mailed(town)
    for _ in range(3):
        send(town, path)

    with town.wiring.reading() as context:
        stopped = context.session.scalars(select(Event).where(Event.kind == "mail_stopped")).all()
    assert [(event.person_id, event.actor_id, event.data) for event in stopped] == [(volunteer.uuid, None, {})]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ('{"List-Unsubscribe": "One-Click"}', "application/json", 415),
        (ONE_CLICK, "text/plain", 415),
        ("", FORM, 422),
        ("List-Unsubscribe=Two-Clicks", FORM, 422),
        (f"{ONE_CLICK}&{ONE_CLICK}", FORM, 422),
        (f"{ONE_CLICK}&person=somebody", FORM, 422),
        ("x" * 70_000, FORM, 413),
    ],
)
def test_anything_else_is_refused(town: Town, body: str, kind: str, status: int) -> None:
    volunteer, path = mailed(town)

    assert send(town, path, body, kind).status_code == status
    assert not is_stopped(town, volunteer)


def test_no_other_route_takes_a_form(small_town: Town) -> None:
    assert send(small_town, "/v1/auth/codes", "login=a@example.org").status_code == 415


def test_whoever_chooses_mail_again_gets_it_again(town: Town) -> None:
    volunteer, path = mailed(town)
    volunteer.put("/v1/me/preferences", {"channels": {"asked": ["push", "mail"], "account": ["mail"]}})
    send(town, path)
    shown = volunteer.get("/v1/me/preferences").json
    assert shown["channels"]["asked"] == ["push"]
    assert shown["channels"]["account"] == ["mail"]

    volunteer.put("/v1/me/preferences", shown)
    assert is_stopped(town, volunteer), "what was shown, sent back, starts nothing"
    chosen = volunteer.put("/v1/me/preferences", {"channels": {"asked": ["mail"]}}).json

    assert chosen["channels"]["asked"] == ["mail"]
    assert not is_stopped(town, volunteer)


def test_each_kind_takes_mail_push_both_or_none(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    channels = {"asked": ["push", "mail"], "news": ["mail"], "message": [], "account": ["push"]}

    assert neighbour.put("/v1/me/preferences", {"channels": channels}).json["channels"] == {
        "request_changed": ["push"],
        "task_changed": ["push"],
        **channels,
    }
    for wrong in (["fax"], ["mail", "mail"], "mail", None):
        assert neighbour.put("/v1/me/preferences", {"channels": {"asked": wrong}}).status_code == 422
