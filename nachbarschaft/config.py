"""The settings, read once from the environment; a half-configured or unsafe one stops the start.

Names and defaults are the contract's, section 2.
"""

import contextlib
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from nachbarschaft.loopback import is_loopback
from nachbarschaft.mailserver import mail_server

PREFIX = "NACHBARSCHAFT_"
SHORTEST_SECRET = 32
DEFAULT_FCM_URL = "https://fcm.googleapis.com"
_EMBEDDED = "sqlite:///var/nachbarschaft.db"


class BadSetting(Exception):
    """A setting that cannot be used; the text is the one sentence that the operator reads."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator decided. `jwt_keys` and `data_keys` keep their order: the first signs or seals, all hold."""

    database_url: str
    jwt_keys: Mapping[str, bytes]
    data_keys: Mapping[str, bytes]
    firebase_credentials: Path | None
    fcm_url: str
    redis_url: str | None
    smtp_url: str | None
    mail_from: str | None
    host: str
    port: int
    public_url: str
    timezone: str
    clock_offset: float
    rate_limits: bool
    trusted_proxies: int
    metrics_token: str | None
    log_format: str
    state_dir: Path

    @property
    def listens_on_loopback(self) -> bool:
        return is_loopback(self.host)

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


def read_settings(env: Mapping[str, str]) -> Settings:
    """The settings of `env`, of which each may also lie in a file that NAME_FILE names; raises BadSetting."""
    env = _with_files(env)
    database_url = _database_url(env.get(PREFIX + "DATABASE_URL") or _EMBEDDED)
    state_dir = _state_dir(database_url)
    host = env.get(PREFIX + "HOST") or env.get("HOST") or "127.0.0.1"
    port = _port(env.get(PREFIX + "PORT") or env.get("PORT") or "8000")
    public_url = _public_url(env.get(PREFIX + "PUBLIC_URL") or f"http://{in_url(host)}:{port}")
    smtp_url = _smtp_url(env.get(PREFIX + "SMTP_URL"))
    return Settings(
        database_url=database_url,
        jwt_keys=_keys("JWT_KEYS", env, database_url, state_dir),
        data_keys=_keys("DATA_KEYS", env, database_url, state_dir),
        firebase_credentials=_credentials(env.get(PREFIX + "FIREBASE_CREDENTIALS")),
        fcm_url=_fcm_url(env.get(PREFIX + "FCM_URL") or DEFAULT_FCM_URL),
        redis_url=_redis_url(env.get(PREFIX + "REDIS_URL")),
        smtp_url=smtp_url,
        mail_from=_mail_from(env.get(PREFIX + "MAIL_FROM"), smtp_url, public_url),
        host=host,
        port=port,
        public_url=public_url,
        timezone=_timezone(env.get(PREFIX + "TIMEZONE") or "Europe/Berlin"),
        clock_offset=_clock_offset(env.get(PREFIX + "CLOCK_OFFSET") or "0", host),
        rate_limits=_rate_limits(env.get(PREFIX + "RATE_LIMITS") or "on", host),
        trusted_proxies=_trusted_proxies(env.get(PREFIX + "TRUSTED_PROXIES") or "0"),
        metrics_token=_metrics_token(env.get(PREFIX + "METRICS_TOKEN")),
        log_format=_log_format(env.get(PREFIX + "LOG_FORMAT") or "console"),
        state_dir=state_dir,
    )


def for_document() -> Settings:
    """Settings that touch nothing: enough to build the application and print its document."""
    return read_settings(
        {
            PREFIX + "DATABASE_URL": "postgresql://nowhere.invalid/nothing",
            PREFIX + "JWT_KEYS": "document:" + "-" * SHORTEST_SECRET,
            PREFIX + "DATA_KEYS": "document:" + "-" * SHORTEST_SECRET,
        }
    )


def in_url(host: str) -> str:
    """The host as a URL writes it: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _with_files(env: Mapping[str, str]) -> Mapping[str, str]:
    """The environment with the content of files in the place of their names: secrets are mounted, not exported."""
    found = dict(env)
    for name in [name for name in env if name.startswith(PREFIX) and name.endswith("_FILE") and env[name]]:
        setting = name.removesuffix("_FILE")
        if env.get(setting):
            raise BadSetting(f"{setting} and {name} are both set: leave one of them out.")
        try:
            found[setting] = Path(env[name]).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
            raise BadSetting(f"{name}: the file cannot be read: {reason}.") from None
    return found


def _database_url(url: str) -> str:
    if url.startswith("postgres://"):
        url = "postgresql://" + url.removeprefix("postgres://")
    if not url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        raise BadSetting(f"{PREFIX}DATABASE_URL must begin with sqlite:/// or postgresql://.")
    if url in {"sqlite:///", "sqlite:///:memory:"}:
        raise BadSetting(f"{PREFIX}DATABASE_URL must name a file: several processes share the database.")
    try:
        make_url(url)
    except (ArgumentError, ValueError):
        # Without the URL itself: it may hold a password.
        raise BadSetting(f"{PREFIX}DATABASE_URL is not a URL that can be read.") from None
    return url


def _state_dir(database_url: str) -> Path:
    """Where what belongs to the database lies: beside a SQLite file, else under var/."""
    if database_url.startswith("sqlite:///"):
        return Path(database_url.removeprefix("sqlite:///").split("?")[0]).parent
    return Path("var")


def _port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or not 0 < int(text) < 65536:
        raise BadSetting(f"{PREFIX}PORT must be a number from 1 to 65535, not “{text[:20]}”.")
    return int(text)


def _keys(setting: str, env: Mapping[str, str], database_url: str, state_dir: Path) -> Mapping[str, bytes]:
    """The keys of `setting`, in their order; with SQLite they are made and kept beside the database."""
    name, text = PREFIX + setting, env.get(PREFIX + setting)
    if not text:
        if not database_url.startswith("sqlite"):
            raise BadSetting(f"{name} is missing: give kid:secret, with a secret of at least {SHORTEST_SECRET} bytes.")
        text = _kept(state_dir / setting.lower().replace("_", "-"), name)
    keys: dict[str, bytes] = {}
    for part in text.split(","):
        kid, colon, secret = part.strip().partition(":")
        if not colon or not kid or kid in keys:
            raise BadSetting(f"{name} must look like kid:secret[,kid:secret…], each kid once.")
        if len(secret.encode()) < SHORTEST_SECRET:
            raise BadSetting(f"{name}: the secret of “{kid}” is shorter than {SHORTEST_SECRET} bytes.")
        keys[kid] = secret.encode()
    return keys


def _credentials(text: str | None) -> Path | None:
    if not text:
        return None
    path = Path(text)
    if not path.is_file():
        raise BadSetting(f"{PREFIX}FIREBASE_CREDENTIALS names a file that is not there: {path.name}.")
    return path


def _fcm_url(url: str) -> str:
    scheme, host = _scheme_and_host(url)
    if (scheme == "https" and host) or (scheme == "http" and is_loopback(host)):
        return url.rstrip("/")
    raise BadSetting(f"{PREFIX}FCM_URL must begin with https:// (http:// only for a loopback address).")


def _redis_url(url: str | None) -> str | None:
    scheme, host = _scheme_and_host(url or "")
    if url and not ((scheme in {"redis", "rediss"} and host) or (scheme == "unix" and urlsplit(url).path)):
        # Without the URL itself: it may hold a password.
        raise BadSetting(f"{PREFIX}REDIS_URL must look like redis://host:6379/0 (or rediss://, unix://).")
    return url or None


def _smtp_url(url: str | None) -> str | None:
    if not url:
        return None
    try:
        mail_server(url)
    except ValueError as error:
        # Without the URL itself: it holds a password.
        raise BadSetting(f"{PREFIX}SMTP_URL: {error}.") from None
    return url


def _mail_from(text: str | None, smtp_url: str | None, public_url: str) -> str | None:
    """Who mails come from. Without MAIL_FROM: whoever signs in at the mail server, and from the machine's own relay
    the product itself.
    """
    if smtp_url is None:
        if text:
            raise BadSetting(f"{PREFIX}MAIL_FROM is set, and {PREFIX}SMTP_URL is missing: set both or neither.")
        return None
    server = mail_server(smtp_url)
    if not text and server.user is not None and _is_sender(server.user):
        return server.user
    if not text and is_loopback(server.host):
        return f"no-reply@{_domain(public_url)}"
    if not text:
        raise BadSetting(f"{PREFIX}MAIL_FROM is missing: say which e-mail address mails come from.")
    if not _is_sender(text):
        raise BadSetting(f"{PREFIX}MAIL_FROM must be an e-mail address, or look like Name <name@example.org>.")
    return text


def _is_sender(text: str) -> bool:
    address = r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@[A-Za-z0-9.-]+"
    return text.isprintable() and re.fullmatch(rf"""{address}|[^<>@,;"]+ <{address}>""", text) is not None


def _domain(public_url: str) -> str:
    """The name that an address at this place can have; a mere number is none."""
    host = urlsplit(public_url).hostname or ""
    return host if re.fullmatch(r"[a-z0-9.-]*[a-z]", host) else "localhost"


def _public_url(url: str) -> str:
    scheme, host = _scheme_and_host(url)
    if scheme not in {"http", "https"} or not host:
        raise BadSetting(f"{PREFIX}PUBLIC_URL must begin with https:// or http://.")
    return url.rstrip("/")


def _scheme_and_host(url: str) -> tuple[str, str]:
    """Both empty where the URL cannot be read."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return parts.scheme, parts.hostname or ""


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadSetting(f"{PREFIX}TIMEZONE: there is no time zone “{name}”.") from None
    return name


def _clock_offset(text: str, host: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise BadSetting(f"{PREFIX}CLOCK_OFFSET must be a number of seconds, not “{text}”.") from None
    if not abs(seconds) < 50 * 366 * 86_400:
        raise BadSetting(f"{PREFIX}CLOCK_OFFSET must be less than fifty years.")
    if seconds and not is_loopback(host):
        raise BadSetting(f"{PREFIX}CLOCK_OFFSET is for rehearsals on a loopback address, not for {host}.")
    return seconds


def _rate_limits(text: str, host: str) -> bool:
    if text not in {"on", "off"}:
        raise BadSetting(f"{PREFIX}RATE_LIMITS must be on or off, not “{text[:20]}”.")
    if text == "off" and not is_loopback(host):
        raise BadSetting(f"{PREFIX}RATE_LIMITS=off is for load tests on a loopback address, not for {host}.")
    return text == "on"


def _trusted_proxies(text: str) -> int:
    if not re.fullmatch("[0-9]", text):
        raise BadSetting(f"{PREFIX}TRUSTED_PROXIES must be the number of proxies in front, 0 to 9, not “{text[:20]}”.")
    return int(text)


def _metrics_token(text: str | None) -> str | None:
    if text and not re.fullmatch(r"[\x21-\x7e]{32,}", text):
        raise BadSetting(f"{PREFIX}METRICS_TOKEN must have at least {SHORTEST_SECRET} visible ASCII characters.")
    return text or None


def _log_format(text: str) -> str:
    if text not in {"console", "json"}:
        raise BadSetting(f"{PREFIX}LOG_FORMAT must be console or json, not “{text}”.")
    return text


def _kept(path: Path, name: str) -> str:
    """The secret kept at `path`, made on first use. Raises BadSetting where that is not possible."""
    try:
        return _generated(path)
    except OSError as error:
        raise BadSetting(f"{name} is missing, and none can be kept at {path}: {error.strerror}.") from None


def _generated(path: Path) -> str:
    """The secret at `path`, made with mode 0600 where there is none; several processes may start at once."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"k1:{secrets.token_urlsafe(48)}")
        with contextlib.suppress(FileExistsError):
            os.link(made, path)
        made.unlink()
    return path.read_text()
