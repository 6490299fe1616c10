"""The whole product in one process: a town whose people act through the HTTP surface alone."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import pyotp
from werkzeug.datastructures import Headers

from api.app import create_app
from jobs.courier import Courier
from jobs.delivery import drain
from jobs.job import Counts, run_job
from jobs.schedule import TIMETABLE
from models import Person
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.config import read_settings
from nachbarschaft.database import Database
from nachbarschaft.recording import RecordingGateway, RecordingMailGateway, read_recorded
from nachbarschaft.services.indexing import index_offers
from nachbarschaft.services.mailing import MailLine
from nachbarschaft.services.pushing import PushLine
from tests.support.clock import HandClock

PASSWORD = "vier deutsche Wörter hier"
NOON = datetime(2026, 6, 10, 10, 0, tzinfo=UTC)
"""A Wednesday, 12:00 in Herne: nobody sleeps."""
JWT_KEY = "test:" + "k" * 40
DATA_KEY = "test:" + "d" * 40
BLUMENTHAL = {"lat": 51.53, "lon": 7.156}
PUBLIC_URL = "https://nachbarschaft.example"
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the application."""

    status_code: int
    headers: Headers
    text: str

    @property
    def json(self) -> Any:
        """The body, which has to be JSON."""
        return json.loads(self.text)


class Town:
    """One application on one database; `clock` is moved by hand and pushes are recorded in a file."""

    def __init__(self, database_url: str, folder: Path, *, now: datetime = NOON, rate_limits: str = "off") -> None:
        env = {
            "NACHBARSCHAFT_DATABASE_URL": database_url,
            "NACHBARSCHAFT_JWT_KEYS": JWT_KEY,
            "NACHBARSCHAFT_DATA_KEYS": DATA_KEY,
            "NACHBARSCHAFT_RATE_LIMITS": rate_limits,
        }
        self.clock = HandClock(now)
        self.wiring = Wiring(read_settings(env), Database(database_url, pool_size=8), self.clock)
        self.app = create_app(self.wiring)
        self.pushes = folder / "pushes.jsonl"
        self.courier = Courier(self.wiring, PushLine(RecordingGateway(self.pushes)))
        self.mailbag = folder / "mails.jsonl"
        self.mail_courier = Courier(self.wiring, MailLine(RecordingMailGateway(self.mailbag), PUBLIC_URL))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.courier.close()
        self.mail_courier.close()
        self.wiring.database.close()

    def call(self, method: str, path: str, body: Any = None, *, token: str | None = None, **headers: str) -> Reply:
        """One HTTP call; `headers` by name with underscores, such as `Accept_Language="en"`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body)
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        return self._send(method, path, data, sent)

    def _send(self, method: str, path: str, data: str | None, headers: dict[str, str]) -> Reply:
        answer = self.app.test_client().open(path, method=method, data=data, headers=headers)
        return Reply(answer.status_code, answer.headers, answer.get_data(as_text=True))

    def neighbour(self, name: str = "", quarter: str = "blumenthal", **more: Any) -> "Neighbour":
        """Somebody who has signed up."""
        number = next(_numbers)
        body = {
            "email": f"neighbour{number}@example.org",
            "password": PASSWORD,
            "name": name or f"Neighbour {number}",
            "quarter": quarter,
            "language": "de",
        } | more
        answer = self.call("POST", "/v1/auth/sign-up", body)
        assert answer.status_code == 201, answer.text
        return Neighbour(self, answer.json["person"], answer.json["session"], body["email"])

    def volunteer(
        self, name: str = "", *, quarter: str = "blumenthal", phone: bool = True, **offer: Any
    ) -> "Neighbour":
        """Somebody with an offer, and with a phone unless told otherwise."""
        made = self.neighbour(name, quarter)
        made.offer(**offer)
        if phone:
            made.register_phone()
        return made

    def run(self, job: str, at: datetime | None = None) -> Counts:
        """Runs one job of the timetable, now or as of `at`."""
        found = next(entry for entry in TIMETABLE if entry.name == job)
        return run_job(found, self.wiring, at or self.clock.now())

    def deliver(self) -> Counts:
        """Sends everything that is due."""
        return drain(self.courier, self.clock.now())

    def sent(self) -> list[dict[str, Any]]:
        """Every push that was recorded, oldest first."""
        return read_recorded(self.pushes)

    def deliver_mails(self) -> Counts:
        """Sends every mail that is due."""
        return drain(self.mail_courier, self.clock.now())

    def mails(self) -> list[dict[str, Any]]:
        """Every mail that was recorded, oldest first."""
        return read_recorded(self.mailbag)

    def in_hours(self, hours: float) -> str:
        """RFC 3339, so many hours from now."""
        return (self.clock.now() + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")

    def change_person(self, neighbour: "Neighbour", **values: Any) -> None:
        """What only the operator or a coordinator can do to somebody, until there is a route for it."""
        with self.wiring.writing() as context:
            person = context.session.get_one(Person, neighbour.uuid)
            for name, value in values.items():
                setattr(person, name, value)
            if "verification" in values:
                index_offers(context, person)


@dataclass
class Neighbour:
    """Somebody with a token."""

    town: Town
    person: dict[str, Any]
    session: dict[str, Any]
    email: str = ""
    _phones: int = field(default=0)

    @property
    def id(self) -> str:
        return str(self.person["id"])

    @property
    def uuid(self) -> UUID:
        return UUID(self.id)

    @property
    def token(self) -> str:
        return str(self.session["access_token"])

    def get(self, path: str, **headers: str) -> Reply:
        return self.town.call("GET", path, token=self.token, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Reply:
        return self.town.call("POST", path, body, token=self.token, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Reply:
        return self.town.call("PUT", path, body, token=self.token, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Reply:
        return self.town.call("PATCH", path, body, token=self.token, **headers)

    def delete(self, path: str, **headers: str) -> Reply:
        return self.town.call("DELETE", path, token=self.token, **headers)

    def set_up_second_factor(self) -> str:
        """Sets up an authenticator app and confirms it, which this session then counts as; returns its secret."""
        secret = str(self.post("/v1/me/totp").json["secret"])
        answer = self.post("/v1/me/totp/confirm", {"otp": otp_at(secret, self.town.clock.now())})
        assert answer.status_code == 204, answer.text
        return secret

    def offer(self, **more: Any) -> dict[str, Any]:
        """Makes an offer; what is not said is: shopping, German, any time, own quarter."""
        body = {
            "categories": ["shopping"],
            "languages": ["de"],
            "availability": [],
            "reach": "quarter",
            "tasks_per_week": 5,
            "adult": True,
        } | more
        return _made(self.post("/v1/offers", body))

    def ask(self, **more: Any) -> dict[str, Any]:
        """Asks for help; what is not said is: shopping in Blumenthal, from in one hour to in nine."""
        body = {
            "category": "shopping",
            "needed_from": self.town.in_hours(1),
            "needed_until": self.town.in_hours(9),
            "place": BLUMENTHAL | {"address": "Wilhelmstraße 5, 44649 Herne"},
        } | more
        return _made(self.post("/v1/requests", body))

    def register_phone(self, address: str | None = None) -> str:
        """Registers a device and returns its address."""
        self._phones += 1
        address = address or f"address-{self.id}-{self._phones}"
        body = {
            "address": address,
            "kind": "token",
            "platform": "android",
            "language": "de",
            "app_version": "1.0.0",
        }
        answer = self.put(f"/v1/me/devices/installation-{self._phones}", body)
        assert answer.status_code == 201, answer.text
        return address

    def act(self, request: dict[str, Any], action: str, body: Any = None) -> Reply:
        """One action on a request: `act(request, "accept")`."""
        return self.post(f"/v1/requests/{request['id']}/{action}", body)

    def read(self, request: dict[str, Any]) -> dict[str, Any]:
        """The request as this neighbour sees it now."""
        answer = self.get(f"/v1/requests/{request['id']}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json
        return found

    def invitations(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.get("/v1/invitations?limit=100").json["items"]
        return items

    def inbox(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.get("/v1/me/notifications?limit=100").json["items"]
        return items


def otp_at(secret: str, now: datetime) -> str:
    """What an authenticator app with that secret shows."""
    return pyotp.TOTP(secret).at(now)


def _made(answer: Reply) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json
    return made
