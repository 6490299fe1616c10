"""The operator's command: what it prints, and how it says what is wrong."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from jobs.schedule import TIMETABLE
from nachbarschaft.database import Database
from tests.cli.command import Ran, run
from tests.support.databases import Databases
from tests.support.processes import environment
from tests.support.town import PASSWORD, Town

ROOT = Path(__file__).parents[2]
CITIES = ROOT.parent / "shared" / "data"
CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
UNREACHABLE = "postgresql://nobody@127.0.0.1:1/nothing"
ONE = {
    "type": "Feature",
    "properties": {"name": "Süd-Ost", "STATTEIL_NR": 7},
    "geometry": {
        "type": "Polygon",
        "coordinates": [[[7.0, 51.0], [7.02, 51.0], [7.02, 51.02], [7.0, 51.02], [7.0, 51.0]]],
    },
}
FLAT = {"type": "Polygon", "coordinates": [[[7.0, 51.0], [7.1, 51.0], [7.0, 51.0]]]}


def written(folder: Path, *features: object, name: str = "city.geojson") -> str:
    path = folder / name
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return str(path)


def redeem(town: Town, code: str) -> dict[str, object]:
    reply = town.call("POST", "/v1/auth/codes/redeem", {"code": code, "password": PASSWORD})
    assert reply.status_code == 200, reply.text
    person: dict[str, object] = reply.json["person"]
    return person


def test_the_code_stands_alone_in_the_last_line(small_town: Town) -> None:
    url = small_town.wiring.settings.database_url
    added = run(
        *("people", "add", "--email", "Eva@Example.org", "--name", "Eva", "--quarter", "blumenthal"),
        *("--coordinator", "blumenthal", "--coordinator", "forellquartier", "--admin"),
        database=url,
    )

    assert (added.code, added.err) == (0, "")
    assert CODE.fullmatch(added.lines[-1])
    small_town.clock.set(datetime.now(UTC))
    person = redeem(small_town, added.lines[-1])
    assert (person["email"], person["name"], person["quarter"]) == ("eva@example.org", "Eva", "blumenthal")
    assert person["roles"] == ["resident", "coordinator", "admin"]
    assert person["coordinates"] == ["blumenthal", "forellquartier"]


def test_somebody_who_is_there_is_promoted_and_keeps_what_they_have(small_town: Town) -> None:
    neighbour = small_town.neighbour("Käthe")
    before = neighbour.get("/v1/me").json

    added = run(
        *("people", "add", "--email", neighbour.email.upper(), "--name", "Other", "--coordinator", "blumenthal"),
        database=small_town.wiring.settings.database_url,
    )

    assert added.code == 0, added.err
    assert neighbour.get("/v1/me").json == before | {
        "roles": ["resident", "coordinator"],
        "coordinates": ["blumenthal"],
    }


def test_a_coordinator_without_a_quarter_lives_in_the_first_one_they_coordinate(small_town: Town) -> None:
    added = run(
        *("people", "add", "--email", "a@example.org", "--name", "A", "--coordinator", "forellquartier"),
        database=small_town.wiring.settings.database_url,
    )
    small_town.clock.set(datetime.now(UTC))

    assert redeem(small_town, added.lines[-1])["quarter"] == "forellquartier"


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["--nonsense"],
        ["people", "add"],
        ["people", "add", "--email", "a@example.org"],
        ["people", "add", "--email", "nonsense", "--name", "A"],
        ["people", "add", "--email", "a@example.org", "--name", "  "],
        ["jobs", "run"],
        ["jobs", "run", "nonsense"],
        ["jobs", "run", "expire-requests", "--at", "tomorrow"],
        ["jobs", "run", "expire-requests", "--at", "2026-06-10"],
        ["jobs", "run", "expire-requests", "--at", "2026-06-10T10:00:00"],
        ["jobs", "run", "expire-requests", "--at", "2026-06-31T10:00:00Z"],
        ["jobs", "run", "expire-requests", "--at", "0001-01-01T00:00:00+23:59"],
        ["jobs", "run", "expire-requests", "--at", "9999-12-31T23:59:59-23:59"],
        ["jobs", "list", "more"],
        ["db", "downgrade"],
        ["db", "upgrade", "--nonsense"],
        ["quarters", "import"],
        ["quarters", "import", "missing.geojson"],
        ["quarters", "import", "tests", "--city", "Herne"],
        ["quarters", "import", __file__, "--timezone", "Herne"],
        ["demo", "load", "--nonsense"],
    ],
    ids=" ".join,
)
def test_a_wrong_call_exits_2_with_one_sentence(words: list[str], sqlite_url: str) -> None:
    ran = run(*words, database=sqlite_url)

    assert (ran.code, ran.out) == (2, "")
    assert "Traceback" not in ran.err
    assert len([line for line in ran.err.splitlines() if line.startswith("Error: ")]) == 1, ran.err


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({"database": "mysql://a:b@h/d"}, "DATABASE_URL"),
        ({"database": "postgresql://a@h:port/d"}, "DATABASE_URL"),
        ({"database": f"sqlite:///{__file__}/town.db"}, "DATABASE_URL"),
        ({"database": UNREACHABLE}, "does not answer"),
        ({"JWT_KEYS": "k1:short"}, "JWT_KEYS"),
        ({"PORT": "http"}, "PORT"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT"),
        ({"CLOCK_OFFSET": "60", "HOST": "0.0.0.0"}, "CLOCK_OFFSET"),
    ],
    ids=str,
)
def test_a_bad_setting_exits_1_with_one_sentence(settings: dict[str, str], hint: str, sqlite_url: str) -> None:
    for words in (["jobs", "list"], ["db", "check"], ["people", "add", "--email", "a@example.org", "--name", "A"]):
        assert hint in run(*words, **({"database": sqlite_url} | settings)).failed_with_one_sentence()


@pytest.mark.parametrize("system", ["sqlite", "postgresql"])
def test_a_database_that_was_never_migrated_is_told_as_that(databases: Databases, system: str, tmp_path: Path) -> None:
    with databases.empty(system) as url:
        for words in (
            ["jobs", "list"],
            ["jobs", "run", "expire-requests"],
            ["people", "add", "--email", "a@example.org", "--name", "A", "--quarter", "x"],
            ["quarters", "import", written(tmp_path, ONE)],
            ["demo", "load"],
        ):
            assert "nachbarschaft db upgrade" in run(*words, database=url).failed_with_one_sentence(), words


def test_a_file_that_is_no_database_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "town.db").write_text("this is a letter, not a database\n" * 100)

    run("jobs", "list", database=f"sqlite:///{tmp_path}/town.db").failed_with_one_sentence()


def test_what_the_domain_refuses_is_said_by_field(small_town: Town) -> None:
    url = small_town.wiring.settings.database_url
    for more, field in (
        (["--quarter", "nirgendwo"], "quarter"),
        (["--coordinator", "nirgendwo"], "quarter"),
        ([], "quarter"),
    ):
        said = run("people", "add", "--email", "new@example.org", "--name", "N", *more, database=url)
        assert field in said.failed_with_one_sentence()


def test_the_database_is_moved_up_checked_and_moved_down(databases: Databases) -> None:
    with databases.empty("sqlite") as url:
        missing = run("db", "check", database=url)
        assert (missing.code, missing.err) == (1, "")
        assert len(missing.lines) > 20
        assert run("db", "upgrade", database=url).code == 0
        assert run("db", "upgrade", database=url).code == 0, "a second time there is nothing to do"
        right = run("db", "check", database=url)
        assert (right.code, right.lines) == (0, ["The database is what the models say."])
        assert run("db", "downgrade", "base", database=url).code == 0
        assert run("db", "check", database=url).code == 1
        run("db", "downgrade", "nonsense", database=url).failed_with_one_sentence()


def test_a_database_that_has_drifted_is_told_line_by_line(database_url: str) -> None:
    database = Database(database_url)
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE person ADD COLUMN shoe_size INTEGER"))
        connection.execute(text("DROP INDEX ix_help_request_open_by_wave"))
    database.close()

    drifted = run("db", "check", database=database_url)

    assert (drifted.code, drifted.err) == (1, "")
    assert len(drifted.lines) == 3
    assert "shoe_size" in drifted.out
    assert "ix_help_request_open_by_wave" in drifted.out


def test_the_timetable_is_listed_one_line_a_job(small_town: Town) -> None:
    url = small_town.wiring.settings.database_url
    before = run("jobs", "list", database=url)
    ran = run("jobs", "run", "expire-requests", database=url)
    after = run("jobs", "list", database=url)

    assert ran.code == 0, ran.err
    assert [line.split()[0] for line in before.lines] == [job.name for job in TIMETABLE]
    assert all(line.endswith("never") for line in before.lines)
    said = next(line for line in after.lines if line.startswith("expire-requests "))
    instant = said.split()[-1]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", instant)
    assert abs(datetime.fromisoformat(instant) - datetime.now(UTC)) < timedelta(minutes=2)


@pytest.mark.parametrize("job", [job.name for job in TIMETABLE])
def test_a_job_prints_what_it_did_as_one_json_line(job: str, sqlite_url: str) -> None:
    run("jobs", "run", job, database=sqlite_url)  # the import of the quarters may be due to be sealed
    ran = run("jobs", "run", job, database=sqlite_url)

    assert (ran.code, len(ran.lines)) == (0, 1), ran.err
    told = json.loads(ran.out)
    assert told.pop("job") == job
    assert all(count == 0 for count in told.values())


def test_a_job_runs_as_if_the_clock_stood_elsewhere(small_town: Town) -> None:
    requester = small_town.neighbour()
    request = requester.ask()
    url = small_town.wiring.settings.database_url

    def expire(at: str) -> dict[str, object]:
        ran = run("jobs", "run", "expire-requests", "--at", at, database=url)
        assert ran.code == 0, ran.err
        told: dict[str, object] = json.loads(ran.out)
        return told

    assert expire("2026-06-10T12:00:00Z")["warned"] == 0
    assert expire("2026-06-10T19:30:00+02:00")["warned"] == 1
    assert expire("2026-06-10T18:59:59Z")["expired"] == 0
    assert expire("2026-06-10T21:00:00.5+02:00")["expired"] == 1
    assert requester.read(request)["state"] == "expired"


def imported(file: str, url: str, *more: str) -> Ran:
    return run("quarters", "import", file, *more, database=url)


def test_quarters_are_added_then_unchanged_then_updated(database_url: str, tmp_path: Path) -> None:
    file = written(tmp_path, ONE)
    moved = json.loads(json.dumps(ONE).replace("51.02", "51.03"))

    assert imported(file, database_url, "--city", "Musterstadt").lines[:3] == [
        "added: 1 (sued-ost)",
        "updated: 0",
        "unchanged: 0",
    ]
    assert imported(file, database_url, "--city", "Musterstadt").lines[:3] == ["added: 0", "updated: 0", "unchanged: 1"]
    assert imported(written(tmp_path, moved), database_url, "--city", "Musterstadt").lines[1] == "updated: 1 (sued-ost)"


def slugs(url: str) -> set[str]:
    database = Database(url)
    with database.engine.connect() as connection:
        found = set(connection.scalars(text("SELECT slug FROM quarter")))
    database.close()
    return found


def test_a_rehearsal_says_what_would_change_and_changes_nothing(sqlite_url: str, tmp_path: Path) -> None:
    rehearsed = imported(written(tmp_path, ONE), sqlite_url, "--dry-run")

    assert rehearsed.code == 0, rehearsed.err
    assert rehearsed.lines[0] == "added: 1 (sued-ost)"
    assert rehearsed.lines[-1] == "Nothing was changed (--dry-run)."
    assert "sued-ost" not in slugs(sqlite_url)


def test_a_bad_file_is_told_feature_by_feature_and_changes_nothing(sqlite_url: str, tmp_path: Path) -> None:
    nameless = ONE | {"properties": {}}
    flat = {"type": "Feature", "properties": {"name": "Flach"}, "geometry": FLAT}
    before = slugs(sqlite_url)

    refused = imported(written(tmp_path, ONE, nameless, flat), sqlite_url)

    assert refused.code == 1
    assert "Traceback" not in refused.err
    first, *problems = refused.err.splitlines()
    assert first == "nachbarschaft: city.geojson cannot be imported, nothing was changed:"
    assert [problem.split(":")[0].split()[0] for problem in problems] == ["features[1]", "features[2]"]
    assert slugs(sqlite_url) == before


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no JSON",
        b"[]",
        b"{}",
        b'{"type": "Topology"}',
        b"\xff\xfe",
        b"[" * 100_000,
        '{"näme": 1}'.encode("latin-1"),
    ],
    ids=range(8),
)
def test_a_file_that_is_no_geojson_is_told_in_words(content: bytes, sqlite_url: str, tmp_path: Path) -> None:
    file = tmp_path / "file.geojson"
    file.write_bytes(content)

    refused = imported(str(file), sqlite_url)

    assert refused.code == 1
    assert refused.err.startswith("nachbarschaft: file.geojson ")
    assert "Traceback" not in refused.err


def test_two_cities_may_have_quarters_of_the_same_name(sqlite_url: str, tmp_path: Path) -> None:
    here = written(tmp_path, ONE, name="here.geojson")
    there = written(tmp_path, json.loads(json.dumps(ONE).replace("51.0", "52.0")), name="there.geojson")

    for file, city, slug in ((here, "Aachen", "sued-ost"), (there, "Bad Öhr", "sued-ost-bad-oehr")):
        assert imported(file, sqlite_url, "--city", city).lines[:2] == [f"added: 1 ({slug})", "updated: 0"]
    for file, city in ((here, "Aachen"), (there, "Bad Öhr")):
        assert imported(file, sqlite_url, "--city", city).lines[2] == "unchanged: 1"
    assert {"sued-ost", "sued-ost-bad-oehr"} <= slugs(sqlite_url)


def test_foreign_files_are_taken_as_cities_publish_them(sqlite_url: str) -> None:
    """Real cities lie beside the checkout where somebody has put them; elsewhere there is nothing to take."""
    for file in sorted(CITIES.glob("*.geojson")):
        count = len(json.loads(file.read_text(encoding="utf-8"))["features"])
        first, second = (imported(str(file), sqlite_url, "--city", file.stem.title()) for _ in range(2))

        assert first.code == second.code == 0, first.err + second.err
        assert first.lines[0].startswith(f"added: {count} "), file.name
        assert second.lines[:3] == ["added: 0", "updated: 0", f"unchanged: {count}"], file.name


def test_the_demo_prints_its_sign_ins_and_loading_it_twice_changes_nothing(small_town: Town) -> None:
    url = small_town.wiring.settings.database_url
    first, second = (run("demo", "load", "--json", database=url) for _ in range(2))
    people = json.loads(first.out)["people"]

    assert first.out == second.out
    assert len(people) >= 10
    assert all(person.keys() == {"email", "password", "roles", "quarter"} for person in people)
    roles = {role for person in people for role in person["roles"]}
    assert roles == {"resident", "volunteer", "coordinator", "admin"}
    for person in people[:2]:
        body = {"login": person["email"], "password": person["password"]}
        assert small_town.call("POST", "/v1/auth/sign-in", body).json["person"]["roles"] == person["roles"]
    for_people = run("demo", "load", database=url)
    assert len(for_people.lines) == len(people)


def test_the_demo_is_neither_loaded_nor_served_off_loopback(sqlite_url: str, tmp_path: Path) -> None:
    assert "loopback" in run("demo", "load", database=sqlite_url, HOST="0.0.0.0").failed_with_one_sentence()
    assert run("demo", "load", database=sqlite_url).code == 0
    for words in (["api"], ["up"]):
        refused = run(*words, database=sqlite_url, HOST="0.0.0.0")
        assert refused.code == 1
        assert "demo" in refused.err.splitlines()[-1]
    refused = run("up", "--demo", database=f"sqlite:///{tmp_path}/other.db", HOST="10.0.0.1")
    assert "loopback" in refused.failed_with_one_sentence()


def real(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "nachbarschaft", *words],
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_as_a_process_it_exits_as_promised(sqlite_url: str) -> None:
    good = real("jobs", "run", "send-waves", DATABASE_URL=sqlite_url)
    failed = real("jobs", "list", DATABASE_URL=UNREACHABLE, JWT_KEYS="k1:short")

    assert (good.returncode, failed.returncode) == (0, 1)
    assert json.loads(good.stdout)["job"] == "send-waves"
    assert failed.stdout == ""
    assert failed.stderr.splitlines() == [failed.stderr.strip()]


def test_help_names_every_command_and_needs_no_settings() -> None:
    shown = run("--help", database="nonsense")

    assert shown.code == 0
    for command in ("api", "check", "db", "demo", "jobs", "openapi", "people", "quarters", "scheduler", "up", "worker"):
        assert re.search(rf"^  {command} ", shown.out, re.MULTILINE), command
        assert run(command, "--help", database="nonsense").code == 0, command
