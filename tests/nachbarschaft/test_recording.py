"""The gateway without credentials: what it writes, who may read it, and that processes share it."""

import json
import stat
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from nachbarschaft.push import AddressKind, PushMessage
from nachbarschaft.recording import RecordingGateway, read_recorded
from nachbarschaft.sending import Outcome

ADDRESS = "an-address-of-a-phone"


def a_push(notification_id: str = "n-1") -> PushMessage:
    return PushMessage(
        notification_id=notification_id,
        kind="asked",
        title="Neue Anfrage",
        body="Jemand in deiner Nähe hat eine Bitte.",
        link=f"nachbarschaft://asked/{notification_id}",
        collapse_key="c-1",
        ttl_seconds=3600,
        expires_at_epoch=1_800_000_000,
        silent=False,
        urgent=False,
        address=ADDRESS,
        address_kind=AddressKind.TOKEN,
    )


def record_many(path: Path, start: int) -> None:
    gateway = RecordingGateway(path)
    for number in range(start, start + 50):
        gateway.send(a_push(f"n-{number}"))


def test_a_push_is_written_down_and_counts_as_sent(tmp_path: Path) -> None:
    path = tmp_path / "var" / "pushes.jsonl"
    result = RecordingGateway(path).send(a_push())
    assert (result.outcome, result.detail) == (Outcome.SENT, "recorded")
    [record] = read_recorded(path)
    assert record["data"] == {"id": "n-1", "kind": "asked", "link": "nachbarschaft://asked/n-1", "v": "1"}
    assert record["body"] == "Jemand in deiner Nähe hat eine Bitte."
    assert record["ttl_seconds"] == 3600


def test_neither_the_file_nor_the_log_holds_the_address(tmp_path: Path) -> None:
    path = tmp_path / "pushes.jsonl"
    with capture_logs() as logs:
        RecordingGateway(path).send(a_push())
    assert ADDRESS not in path.read_text()
    assert len(read_recorded(path)[0]["address_sha256"]) == 16
    assert logs == [{"event": "push_recorded", "log_level": "info", "notification_id": "n-1", "kind": "asked"}]


def test_a_message_in_a_traceback_names_no_phone() -> None:
    assert ADDRESS not in repr(a_push())


def test_the_same_phone_is_recognised_in_two_records(tmp_path: Path) -> None:
    gateway = RecordingGateway(tmp_path / "pushes.jsonl")
    gateway.send(a_push("n-1"))
    gateway.send(a_push("n-2"))
    assert len({record["address_sha256"] for record in read_recorded(tmp_path / "pushes.jsonl")}) == 1


def test_only_the_owner_may_read_the_file_even_if_it_was_there_before(tmp_path: Path) -> None:
    path = tmp_path / "pushes.jsonl"
    path.touch(mode=0o644)
    RecordingGateway(path).send(a_push())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_lines_of_several_processes_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "pushes.jsonl"
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for done in [pool.submit(record_many, path, start) for start in (0, 50)]:
            done.result()
    lines = path.read_text().splitlines()
    assert {json.loads(line)["notification_id"] for line in lines} == {f"n-{n}" for n in range(100)}
    assert len(lines) == 100


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full disk")
def test_a_full_disk_means_later_and_not_an_exception(tmp_path: Path) -> None:
    path = tmp_path / "pushes.jsonl"
    gateway = RecordingGateway(path)
    path.unlink()
    path.symlink_to("/dev/full")
    result = gateway.send(a_push())
    assert (result.outcome, result.detail) == (Outcome.RETRY, "not_recorded")


def test_a_torn_line_does_not_hide_the_others(tmp_path: Path) -> None:
    path = tmp_path / "pushes.jsonl"
    path.write_text('{"notification_id": "n-0", "ki\n')
    RecordingGateway(path).send(a_push("n-1"))
    assert [record["notification_id"] for record in read_recorded(path)] == ["n-1"]


def test_an_absent_file_holds_no_pushes(tmp_path: Path) -> None:
    assert read_recorded(tmp_path / "pushes.jsonl") == []
