"""Real workers and a real mail server: a forgotten password, from the call to the new one."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.processes import Process, Processes, wait_until
from tests.support.smtp import LoopbackSmtp, Received, make_certificate
from tests.support.town import PASSWORD, Town

NEW_PASSWORD = PASSWORD + ", jetzt fünf"
FROM = "Hilfe in Herne <hilfe@herne.example>"


@pytest.fixture
def here_and_now(database_url: str, tmp_path: Path) -> Iterator[Town]:
    """A town on the machine's own time, which the processes live in too."""
    with Town(database_url, tmp_path, now=datetime.now(UTC)) as made:
        yield made


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LoopbackSmtp]:
    with LoopbackSmtp(make_certificate(tmp_path)) as running:
        yield running


@pytest.fixture
def processes(database_url: str, tmp_path: Path, server: LoopbackSmtp) -> Iterator[Processes]:
    with Processes(database_url, tmp_path, SMTP_URL=server.url, MAIL_FROM=FROM) as made:
        yield made


def test_a_worker_mails_the_code_and_the_code_opens_the_door(
    here_and_now: Town, server: LoopbackSmtp, processes: Processes
) -> None:
    neighbour = here_and_now.neighbour()
    worker = processes.start("worker")
    worker.says("worker_ready")
    assert here_and_now.call("POST", "/v1/auth/codes", {"login": neighbour.email}).status_code == 202

    wait_until(lambda: bool(server.mails), within=20)
    [mail] = server.mails
    assert mail.recipients == (neighbour.email,)
    assert (mail.message["From"], mail.over_tls) == (FROM, True)
    body = {"code": code_in(mail), "password": NEW_PASSWORD}
    assert here_and_now.call("POST", "/v1/auth/codes/redeem", body).status_code == 200
    login = {"login": neighbour.email, "password": NEW_PASSWORD}
    assert here_and_now.call("POST", "/v1/auth/sign-in", login).status_code == 200
    assert worker.stop() == 0
    tells_nothing(worker, neighbour.email, body["code"], server.url)


def test_delivery_by_hand_sends_mails_too(here_and_now: Town, server: LoopbackSmtp, processes: Processes) -> None:
    neighbour = here_and_now.neighbour()
    here_and_now.call("POST", "/v1/auth/codes", {"login": neighbour.email})

    by_hand = processes.start("jobs", "run", "deliver-pushes")

    assert by_hand.ended(within=60) == 0
    assert json.loads(by_hand.output.splitlines()[-1]) == {"job": "deliver-pushes", "sent": 1}
    assert [mail.recipients for mail in server.mails] == [(neighbour.email,)]
    tells_nothing(by_hand, neighbour.email, code_in(server.mails[0]), server.url)


def test_without_a_mail_server_it_is_written_down_for_whoever_sits_there(
    here_and_now: Town, processes: Processes, tmp_path: Path
) -> None:
    neighbour = here_and_now.neighbour()
    here_and_now.call("POST", "/v1/auth/codes", {"login": neighbour.email})

    by_hand = processes.start("jobs", "run", "deliver-pushes", SMTP_URL="", MAIL_FROM="")

    assert by_hand.ended(within=60) == 0
    [record] = list(Path(here_and_now.wiring.settings.state_dir).rglob("mails.jsonl")) or list(
        tmp_path.rglob("var/mails.jsonl")
    )
    assert record.stat().st_mode & 0o777 == 0o600
    written = record.read_text()
    assert "Ihr Code" in written
    assert neighbour.email not in written
    tells_nothing(by_hand, neighbour.email)


def code_in(mail: Received) -> str:
    [found] = re.findall(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", mail.text)
    return str(found)


def tells_nothing(process: Process, *secrets: str) -> None:
    """Neither whom it mailed, nor what, nor how it signs in."""
    assert not [secret for secret in secrets if secret in process.output]
