"""Every setting: what it takes, what it means, and the one sentence that stops a start."""

import stat
from multiprocessing.pool import ThreadPool
from pathlib import Path

import pytest

from nachbarschaft.bootstrap import build
from nachbarschaft.config import BadSetting, Settings, for_document, read_settings
from nachbarschaft.loopback import is_loopback
from nachbarschaft.mailserver import Tls, mail_server

KEY = "k1:" + "s" * 32
DATABASE = "postgresql://town@db.example/town"


def read(**settings: str) -> Settings:
    """The settings by their names without prefix, on PostgreSQL unless told otherwise; nothing touches a disk."""
    named = {"DATABASE_URL": DATABASE, "JWT_KEYS": KEY, "DATA_KEYS": KEY} | settings
    return read_settings({f"NACHBARSCHAFT_{name}": value for name, value in named.items()})


def refusal(**settings: str) -> str:
    """The sentence that a setting is refused with."""
    with pytest.raises(BadSetting) as caught:
        read(**settings)
    return str(caught.value)


def test_a_setting_that_is_missing_or_empty_has_the_contracts_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    names = ("DATABASE_URL", "JWT_KEYS", "FIREBASE_CREDENTIALS", "FCM_URL", "HOST", "PORT", "PUBLIC_URL", "TIMEZONE")
    empty = {f"NACHBARSCHAFT_{name}": "" for name in (*names, "CLOCK_OFFSET", "LOG_FORMAT")} | {"HOST": "", "PORT": ""}

    for found in (read_settings({}), read_settings(empty)):
        assert found.database_url == "sqlite:///var/nachbarschaft.db"
        assert found.state_dir == Path("var")
        assert found.firebase_credentials is None
        assert found.fcm_url == "https://fcm.googleapis.com"
        assert (found.host, found.port) == ("127.0.0.1", 8000)
        assert found.public_url == "http://127.0.0.1:8000"
        assert found.timezone == "Europe/Berlin"
        assert (found.clock_offset, found.log_format) == (0, "console")
        assert found.listens_on_loopback
        assert found.is_sqlite


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        (DATABASE, DATABASE),
        ("postgresql+psycopg://a:b@h:5432/d", "postgresql+psycopg://a:b@h:5432/d"),
        ("postgres://a:b@h/d?sslmode=require", "postgresql://a:b@h/d?sslmode=require"),
        ("postgresql:///d?host=/run/postgresql", "postgresql:///d?host=/run/postgresql"),
        ("sqlite:///town.db", "sqlite:///town.db"),
        ("sqlite:////srv/town.db", "sqlite:////srv/town.db"),
    ],
)
def test_a_database_is_sqlite_in_a_file_or_postgresql(url: str, meant: str) -> None:
    assert read(DATABASE_URL=url).database_url == meant


@pytest.mark.parametrize(
    "url",
    [
        "mysql://h/d",
        "town.db",
        "/srv/town.db",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite+aiosqlite:///town.db",
        "postgresql+asyncpg://h/d",
        "POSTGRESQL://h/d",
        "http://h/d",
        "postgresql://h:port/d",
        "postgresql://a@[::1/d",
        " postgresql://h/d",
    ],
)
def test_any_other_database_is_refused(url: str) -> None:
    assert "DATABASE_URL" in refusal(DATABASE_URL=url)


def test_a_refused_database_does_not_show_its_password() -> None:
    for url in ("mysql://a:topsecret@h/d", "postgresql://a:topsecret@h:port/d"):
        assert "topsecret" not in refusal(DATABASE_URL=url)


def test_keys_keep_their_order_and_are_the_bytes_of_their_text() -> None:
    keys = read(JWT_KEYS=f"new:{'ä' * 16}, old:{'o' * 40}").jwt_keys

    assert list(keys) == ["new", "old"]
    assert keys["new"] == "ä".encode() * 16
    assert keys["old"] == b"o" * 40
    assert read(JWT_KEYS="a:" + "b:" * 16).jwt_keys == {"a": b"b:" * 16}, "a secret may hold a colon"


@pytest.mark.parametrize(
    "keys",
    [
        "s" * 64,
        f"k1 {'s' * 32}",
        f":{'s' * 32}",
        "k1:",
        "k1:short",
        "k1:" + "s" * 31,
        "k1:" + "ä" * 15,
        f"{KEY},k1:{'t' * 32}",
        f"{KEY},",
        f"{KEY},k2:short",
        ",",
    ],
)
def test_half_configured_or_short_keys_are_refused_without_showing_them(keys: str) -> None:
    said = refusal(JWT_KEYS=keys)

    assert "JWT_KEYS" in said
    for part in keys.split(","):
        secret = part.partition(":")[2] or part
        assert len(secret) < 8 or secret not in said


def test_postgresql_needs_keys_because_several_machines_share_them() -> None:
    assert "JWT_KEYS is missing" in refusal(JWT_KEYS="")


def test_postgresql_needs_data_keys_too_of_the_same_form() -> None:
    assert "DATA_KEYS is missing" in refusal(DATA_KEYS="")
    assert "DATA_KEYS" in refusal(DATA_KEYS="k1:short")
    assert read(DATA_KEYS=f"new:{'n' * 32},old:{'o' * 32}").data_keys == {"new": b"n" * 32, "old": b"o" * 32}


def test_a_secret_may_lie_in_a_file_as_orchestrators_mount_it(tmp_path: Path) -> None:
    secret = tmp_path / "jwt"
    secret.write_text(f"mounted:{'m' * 32}\n")

    assert read(JWT_KEYS="", JWT_KEYS_FILE=str(secret)).jwt_keys == {"mounted": b"m" * 32}
    both = refusal(JWT_KEYS_FILE=str(secret))
    assert "JWT_KEYS" in both
    assert "JWT_KEYS_FILE" in both
    assert "JWT_KEYS_FILE" in refusal(JWT_KEYS="", JWT_KEYS_FILE=str(tmp_path / "missing"))
    secret.write_bytes(b"\xff\xfe")
    assert "UTF-8" in refusal(JWT_KEYS="", JWT_KEYS_FILE=str(secret))


@pytest.mark.parametrize("url", ["redis://h:6379/0", "rediss://:pw@h/1", "unix:///run/redis.sock"])
def test_redis_shares_counters(url: str) -> None:
    assert read(REDIS_URL=url).redis_url == url


@pytest.mark.parametrize("url", ["h:6379", "http://h", "redis://", "memcached://h", "unix://", "redis://[::1"])
def test_any_other_store_for_counters_is_refused_without_showing_it(url: str) -> None:
    assert "REDIS_URL" in refusal(REDIS_URL=url)
    assert "topsecret" not in refusal(REDIS_URL="http://:topsecret@h")


def test_limits_are_on_and_only_loopback_may_go_without() -> None:
    assert read().rate_limits
    assert not read(RATE_LIMITS="off").rate_limits
    assert "RATE_LIMITS" in refusal(RATE_LIMITS="off", HOST="0.0.0.0")
    assert "RATE_LIMITS" in refusal(RATE_LIMITS="no")


def test_proxies_are_counted_and_none_is_believed_unasked() -> None:
    assert read().trusted_proxies == 0
    assert read(TRUSTED_PROXIES="2").trusted_proxies == 2
    for wrong in ("-1", "10", "all", "1.0", "٢"):
        assert "TRUSTED_PROXIES" in refusal(TRUSTED_PROXIES=wrong)


def test_a_token_for_metrics_is_long_or_not_there() -> None:
    assert read().metrics_token is None
    assert read(METRICS_TOKEN="m" * 32).metrics_token == "m" * 32
    for wrong in ("m" * 31, "m" * 31 + " m", "ä" * 40):
        assert "METRICS_TOKEN" in refusal(METRICS_TOKEN=wrong)


def on_sqlite(folder: Path) -> Settings:
    return read_settings({"NACHBARSCHAFT_DATABASE_URL": f"sqlite:///{folder}/var/town.db"})


def test_sqlite_makes_a_key_once_and_keeps_it_to_itself(tmp_path: Path) -> None:
    first, second = on_sqlite(tmp_path), on_sqlite(tmp_path)

    assert first.jwt_keys == second.jwt_keys
    assert len(next(iter(first.jwt_keys.values()))) >= 32
    kept = tmp_path / "var" / "jwt-keys"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert {file.name for file in kept.parent.iterdir()} == {"jwt-keys", "data-keys"}, "nothing is left over"
    assert first.data_keys == second.data_keys != first.jwt_keys
    (tmp_path / "other").mkdir()
    assert on_sqlite(tmp_path / "other").jwt_keys != first.jwt_keys


def test_processes_that_start_at_once_agree_on_the_key(tmp_path: Path) -> None:
    with ThreadPool(8) as pool:
        keys = pool.map(lambda _: dict(on_sqlite(tmp_path).jwt_keys), range(16))

    assert all(each == keys[0] for each in keys)


def test_a_kept_key_that_was_damaged_is_refused(tmp_path: Path) -> None:
    on_sqlite(tmp_path)
    (tmp_path / "var" / "jwt-keys").write_text("")

    with pytest.raises(BadSetting, match="JWT_KEYS"):
        on_sqlite(tmp_path)


def test_a_place_where_nothing_can_be_kept_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where a folder belongs")

    with pytest.raises(BadSetting, match="var"):
        on_sqlite(tmp_path)
    env = {"NACHBARSCHAFT_DATABASE_URL": f"sqlite:///{tmp_path}/var/town.db", "NACHBARSCHAFT_JWT_KEYS": KEY}
    with pytest.raises(BadSetting, match="var"):
        build(read_settings(env))


def test_credentials_are_a_file_that_is_there(tmp_path: Path) -> None:
    there = tmp_path / "service-account.json"
    there.write_text("{}")

    assert read(FIREBASE_CREDENTIALS=str(there)).firebase_credentials == there
    for missing in (str(tmp_path / "missing.json"), str(tmp_path)):
        assert "FIREBASE_CREDENTIALS" in refusal(FIREBASE_CREDENTIALS=missing)


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("https://fcm.googleapis.com/", "https://fcm.googleapis.com"),
        ("https://proxy.example:8443/fcm", "https://proxy.example:8443/fcm"),
        ("http://127.0.0.1:9099", "http://127.0.0.1:9099"),
        ("http://localhost:9099/", "http://localhost:9099"),
        ("http://[::1]:9099", "http://[::1]:9099"),
    ],
)
def test_pushes_go_out_encrypted_or_not_at_all(url: str, meant: str) -> None:
    assert read(FCM_URL=url).fcm_url == meant


@pytest.mark.parametrize(
    "url",
    [
        "http://fcm.googleapis.com",
        "http://10.0.0.1:9099",
        "http://localhost.example",
        "http://127.0.0.1.example",
        "https://",
        "fcm.googleapis.com",
        "ftp://127.0.0.1",
        "http://[::1",
    ],
)
def test_pushes_never_leave_in_the_clear(url: str) -> None:
    assert "FCM_URL" in refusal(FCM_URL=url)


def test_host_and_port_are_honoured_plain_and_with_prefix() -> None:
    assert read(HOST="0.0.0.0", PORT="80").port == 80
    keys = {"NACHBARSCHAFT_JWT_KEYS": KEY, "NACHBARSCHAFT_DATA_KEYS": KEY}
    env = {"NACHBARSCHAFT_DATABASE_URL": DATABASE, "HOST": "10.0.0.1", "PORT": "9000"} | keys
    plain = read_settings(env)
    both = read_settings(env | {"NACHBARSCHAFT_HOST": "10.0.0.2", "NACHBARSCHAFT_PORT": "9001"})

    assert (plain.host, plain.port, plain.public_url) == ("10.0.0.1", 9000, "http://10.0.0.1:9000")
    assert (both.host, both.port) == ("10.0.0.2", 9001)


@pytest.mark.parametrize("port", ["0", "65536", "-1", "80.0", "http", "８０００", " 80", "8_0", "1e3", "9" * 5000])
def test_a_port_is_a_number_from_1_to_65535(port: str) -> None:
    assert "PORT" in refusal(PORT=port)


@pytest.mark.parametrize(
    ("host", "is_ours_alone"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("192.168.1.1", False),
        ("169.254.0.1", False),
        ("example.org", False),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
        ("127.1", False),
        ("", False),
    ],
)
def test_loopback_is_what_only_this_machine_reaches(host: str, *, is_ours_alone: bool) -> None:
    assert is_loopback(host) == is_ours_alone


def test_the_public_address_is_a_web_address() -> None:
    assert read(PUBLIC_URL="https://nachbarn.example/").public_url == "https://nachbarn.example"
    assert read(PUBLIC_URL="http://10.0.0.1:8000/herne").public_url == "http://10.0.0.1:8000/herne"
    assert read(HOST="::1").public_url == "http://[::1]:8000"
    for bad in ("nachbarn.example", "ftp://nachbarn.example", "https://", "javascript:alert(1)", "http://[::1"):
        assert "PUBLIC_URL" in refusal(PUBLIC_URL=bad)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC", "America/New_York"])
def test_a_time_zone_has_an_iana_name(zone: str) -> None:
    assert read(TIMEZONE=zone).timezone == zone


@pytest.mark.parametrize(
    "zone", ["Herne", "Europe", "europe/berlin/", "../../etc/passwd", "/etc/localtime", "UTC+1", "\0"]
)
def test_any_other_time_zone_is_refused(zone: str) -> None:
    assert "TIMEZONE" in refusal(TIMEZONE=zone)


def test_the_clock_is_moved_only_for_rehearsals() -> None:
    assert read(CLOCK_OFFSET="3600").clock_offset == 3600
    assert read(CLOCK_OFFSET="-0.5", HOST="::1").clock_offset == -0.5
    assert read(CLOCK_OFFSET="0", HOST="0.0.0.0").clock_offset == 0
    for bad in ("soon", "nan", "inf", "-inf", "1e300", "١٢x", "1h"):
        assert "CLOCK_OFFSET" in refusal(CLOCK_OFFSET=bad)
    assert "loopback" in refusal(CLOCK_OFFSET="1", HOST="0.0.0.0")


def test_logs_are_for_people_or_for_programs() -> None:
    assert [read(LOG_FORMAT=each).log_format for each in ("console", "json")] == ["console", "json"]
    for bad in ("JSON", "text", "syslog"):
        assert "LOG_FORMAT" in refusal(LOG_FORMAT=bad)


def test_what_belongs_to_the_database_lies_beside_it() -> None:
    assert read(DATABASE_URL="sqlite:////srv/town/town.db?timeout=5").state_dir == Path("/srv/town")
    assert read().state_dir == Path("var")


def test_every_refusal_is_one_sentence_that_names_its_setting() -> None:
    for name, bad in {
        "DATABASE_URL": "x",
        "JWT_KEYS": "x",
        "FIREBASE_CREDENTIALS": "x",
        "FCM_URL": "x",
        "PORT": "x",
        "PUBLIC_URL": "x",
        "TIMEZONE": "x",
        "CLOCK_OFFSET": "x",
        "LOG_FORMAT": "x",
    }.items():
        said = refusal(**{name: bad})
        assert f"NACHBARSCHAFT_{name}" in said
        assert said.endswith(".")
        assert "\n" not in said


def test_printing_the_document_touches_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)

    build(for_document()).database.close()

    assert list(tmp_path.iterdir()) == []


MAIL = "smtp://post:geheim@mail.example:587"


def test_mail_is_recorded_unless_a_server_is_set() -> None:
    assert (read().smtp_url, read().mail_from) == (None, None)


@pytest.mark.parametrize(
    ("url", "host", "port", "tls"),
    [
        (MAIL, "mail.example", 587, Tls.DEMANDED),
        ("smtp://post:geheim@mail.example", "mail.example", 587, Tls.DEMANDED),
        ("smtps://post:geheim@mail.example", "mail.example", 465, Tls.AT_ONCE),
        ("smtp://192.0.2.7:25/", "192.0.2.7", 25, Tls.DEMANDED),
        ("smtp://localhost:25", "localhost", 25, Tls.IF_OFFERED),
        ("smtp://[::1]:2525", "::1", 2525, Tls.IF_OFFERED),
        ("smtps://127.0.0.1", "127.0.0.1", 465, Tls.AT_ONCE),
    ],
)
def test_a_mail_server_is_encrypted_unless_it_is_this_very_machine(url: str, host: str, port: int, tls: Tls) -> None:
    settings = read(SMTP_URL=url, MAIL_FROM="hilfe@herne.example")

    assert settings.smtp_url == url
    server = mail_server(url)
    assert (server.host, server.port, server.tls) == (host, port, tls)


def test_user_and_password_may_hold_any_sign() -> None:
    server = mail_server("smtp://post%40herne.example:ge%3Ahe%2Fim%20x@mail.example")

    assert (server.user, server.password) == ("post@herne.example", "ge:he/im x")


@pytest.mark.parametrize(
    "url",
    [
        "mail.example:587",
        "http://post:geheim@mail.example",
        "smtp://post:geheim@",
        "smtp://post:geheim@mail.example:0",
        "smtp://post:geheim@mail.example:99999",
        "smtp://post@mail.example",
        "smtp://:geheim@mail.example",
        "smtp://post:geheim@mail.example/inbox",
        "smtp://post:geheim@mail.example?starttls=off",
        "smtp://post:geheim@[::1",
    ],
)
def test_a_mail_server_that_cannot_be_meant_stops_the_start_without_telling_its_password(url: str) -> None:
    sentence = refusal(SMTP_URL=url, MAIL_FROM="hilfe@herne.example")

    assert sentence.startswith("NACHBARSCHAFT_SMTP_URL: ")
    assert "geheim" not in sentence


@pytest.mark.parametrize(
    ("settings", "sender"),
    [
        ({"SMTP_URL": MAIL, "MAIL_FROM": "hilfe@herne.example"}, "hilfe@herne.example"),
        ({"SMTP_URL": MAIL, "MAIL_FROM": "Hilfe <hilfe@herne.example>"}, "Hilfe <hilfe@herne.example>"),
        ({"SMTP_URL": "smtp://post%40herne.example:x@mail.example"}, "post@herne.example"),
        ({"SMTP_URL": "smtp://post:x@127.0.0.1:25", "PUBLIC_URL": "https://hilfe.herne.example"}, None),
        ({"SMTP_URL": "smtp://127.0.0.1:25"}, "no-reply@localhost"),
    ],
)
def test_mails_come_from_somebody(settings: dict[str, str], sender: str | None) -> None:
    assert read(**settings).mail_from == (sender or "no-reply@hilfe.herne.example")


@pytest.mark.parametrize(
    "settings",
    [
        {"SMTP_URL": MAIL},
        {"MAIL_FROM": "hilfe@herne.example"},
        {"SMTP_URL": MAIL, "MAIL_FROM": "Hilfe"},
        {"SMTP_URL": MAIL, "MAIL_FROM": "hilfe@herne.example\r\nBcc: x@example.org"},
        {"SMTP_URL": MAIL, "MAIL_FROM": "a@b.example, c@d.example"},
    ],
)
def test_half_a_mail_setting_stops_the_start(settings: dict[str, str]) -> None:
    sentence = refusal(**settings)

    assert "NACHBARSCHAFT_MAIL_FROM" in sentence
    assert "geheim" not in sentence
