"""What the operator's gauges and counters say, who may read them, and that nobody can be found in them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from api.app import create_app
from api.exposition import exposition
from api.metrics import HttpMetrics
from jobs.schedule import TIMETABLE
from nachbarschaft.services.job_runs import note_end
from tests.support.scrape import Scrape
from tests.support.town import Town

TOKEN = "m" * 40
ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7"}
NOBODY = "00000000-0000-7000-8000-000000000000"


def scrape(town: Town) -> Scrape:
    reply = town.call("GET", "/metrics")
    assert reply.status_code == 200
    assert reply.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return Scrape(reply.text)


@pytest.fixture
def client(small_town: Town) -> Iterator[FlaskClient]:
    """Calls an application whose operator has set a token."""
    settings = replace(small_town.wiring.settings, metrics_token=TOKEN)
    with create_app(replace(small_town.wiring, settings=settings)).test_client() as made:
        yield made


def test_an_answer_is_counted_under_its_route_and_never_under_its_path(small_town: Town) -> None:
    neighbour = small_town.neighbour()
    for path in (f"/v1/requests/{NOBODY}", "/v1/requests/no-id", f"/wp-admin/{neighbour.email}", "/v1/%00"):
        assert neighbour.get(path).status_code == 404
    assert small_town.call("BREW", "/v1/me").status_code == 405
    assert neighbour.get("/v1/me?x=1").status_code == 422

    found = scrape(small_town)

    def counted(method: str, route: str, status: str) -> float:
        return found.value("nachbarschaft_http_requests_total", method=method, route=route, status=status)

    assert counted("POST", "/v1/auth/sign-up", "201") == 1
    assert counted("GET", "/v1/requests/{id}", "404") == 1
    assert counted("GET", "(none)", "404") == 3
    assert counted("(other)", "(none)", "405") == 1
    assert counted("GET", "/v1/me", "422") == 1
    assert found.value("nachbarschaft_http_request_seconds_count", method="GET", route="(none)") == 3


def test_nobody_can_be_found_in_the_metrics(small_town: Town) -> None:
    requester, volunteer = small_town.neighbour("Irmgard Unverwechselbar"), small_town.volunteer("Karl Eindeutig")
    request = requester.ask(public_note="Zwetschgen vom Markt")
    assert volunteer.act(request, "accept").status_code == 201
    assert volunteer.act(request, "contact").status_code == 200
    small_town.run("send-waves")

    text = small_town.call("GET", "/metrics").text.lower()

    private = [requester.id, volunteer.id, request["id"], requester.email, "irmgard", "eindeutig", "zwetschgen"]
    assert [word for word in [*private, "blumenthal", "shopping", "wilhelm", "address-"] if word in text] == []
    http, work = {"method", "route", "status", "le"}, {"state", "name", "outcome"}
    assert Scrape(text).label_names() - {"channel"} == http | work | {"version", "python"}
    assert Scrape(text).label_values("name") == {job.name for job in TIMETABLE}
    assert Scrape(text).label_values("channel") <= {"push", "mail"}


def test_the_work_that_waits_is_shown(town: Town) -> None:
    requester, helper = town.neighbour(), town.volunteer()
    requester.ask(urgent=True)
    assert helper.act(requester.ask(urgent=True), "accept").status_code == 201
    town.run("send-waves")
    town.clock.forward(minutes=5)

    found = scrape(town)

    assert found.value("nachbarschaft_requests", state="open") == 1
    assert found.value("nachbarschaft_requests", state="filled") == 1
    assert found.value("nachbarschaft_due_pushes") == 2
    assert found.value("nachbarschaft_oldest_due_push_seconds") == 300
    assert found.value("nachbarschaft_database_up") == 1
    town.deliver()
    assert scrape(town).value("nachbarschaft_due_pushes") == 0
    assert scrape(town).value("nachbarschaft_oldest_due_push_seconds") == 0


def test_each_job_says_when_it_last_succeeded_and_last_failed(town: Town) -> None:
    began = town.clock.now()
    town.run("send-waves")
    with town.wiring.writing(began + timedelta(minutes=1)) as context:
        note_end(context, "expire-requests", error="KeyError")

    found = scrape(town)

    success, error = (f"nachbarschaft_job_last_{end}_timestamp_seconds" for end in ("success", "error"))
    assert datetime.fromtimestamp(found.value(success, name="send-waves"), UTC) == began
    assert found.value(error, name="expire-requests") == (began + timedelta(minutes=1)).timestamp()
    assert found.value(error, name="send-waves") == found.value(success, name="expire-requests") == 0


def test_without_the_database_the_rest_is_still_told(small_town: Town, tmp_path: Path) -> None:
    missing = replace(small_town.wiring, database=type(small_town.wiring.database)(f"sqlite:///{tmp_path}/empty.db"))
    with create_app(missing).test_client() as client:
        assert client.get("/health/live").status_code == 200
        found = Scrape(client.get("/metrics").text)
    missing.database.close()

    assert "nachbarschaft_database_up" in found.names
    assert found.value("nachbarschaft_database_up") == 0
    assert found.value("nachbarschaft_http_requests_total", method="GET", route="/health/live", status="200") == 1
    assert "nachbarschaft_due_pushes" not in found.names


def test_each_application_counts_for_itself(small_town: Town) -> None:
    small_town.call("GET", "/health/live")
    with create_app(small_town.wiring).test_client() as other:
        found = Scrape(other.get("/metrics").text)

    assert found.value("nachbarschaft_http_requests_total", method="GET", route="/health/live", status="200") == 0
    assert Scrape(exposition(HttpMetrics(), None).decode()).value("nachbarschaft_http_requests_in_flight") == 0


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Forwarded-Host", "x-forwarded-proto", "Forwarded", "X-Real-IP", "Via"]
)
def test_what_a_proxy_has_handed_on_is_from_elsewhere(client: FlaskClient, header: str) -> None:
    assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 404


@pytest.mark.parametrize("address", ["192.0.2.7", "10.0.0.1", "::ffff:192.0.2.7", "", "localhost.example.org"])
def test_from_elsewhere_there_is_nothing_to_be_found(client: FlaskClient, address: str) -> None:
    calls = {
        path: client.get(path, environ_overrides={"REMOTE_ADDR": address}).get_json()
        for path in ("/metrics", "/metrics?x=1", "/nowhere")
    }

    for told in calls.values():
        assert told | {"instance": "", "trace_id": ""} == calls["/nowhere"] | {"instance": "", "trace_id": ""}
    assert calls["/metrics"]["status"] == 404


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1"])
def test_the_machine_itself_needs_no_token(client: FlaskClient, address: str) -> None:
    assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": address}).status_code == 200


def test_whoever_has_the_token_may_call_from_anywhere(client: FlaskClient) -> None:
    shown = {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "192.0.2.7"}

    assert client.get("/metrics", headers=shown, environ_overrides=ELSEWHERE).status_code == 200


@pytest.mark.parametrize("shown", ["Bearer", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer ümläut", TOKEN])
def test_anything_but_the_token_is_no_token(client: FlaskClient, shown: str) -> None:
    reply = client.get("/metrics", headers={"Authorization": shown}, environ_overrides=ELSEWHERE)

    assert reply.status_code == 404


def test_where_no_token_is_set_none_holds(small_town: Town) -> None:
    client = small_town.app.test_client()
    for shown in ("Bearer ", "Bearer None", f"Bearer {small_town.neighbour().token}"):
        reply = client.get("/metrics", headers={"Authorization": shown}, environ_overrides=ELSEWHERE)
        assert reply.status_code == 404
