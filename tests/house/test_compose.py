"""The composition that a city starts: each part as often as promised, with nothing writable, secret or open in it."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from nachbarschaft.cli import cli
from nachbarschaft.cli.check import KNOWN
from nachbarschaft.config import PREFIX, read_settings
from tests.image.dockerfile import read_dockerfile

ROOT = Path(__file__).parents[2]
FILE = ROOT / "compose.yaml"
TEXT = FILE.read_text(encoding="utf-8")
SECRETS = {"DATABASE_URL", "JWT_KEYS", "DATA_KEYS", "METRICS_TOKEN", "SMTP_URL"}
PROMISED = {"api": 2, "worker": 2, "scheduler": 2, "db": 1}
PATH_TO_SECRETS = "/run/secrets/"

Service = dict[str, Any]


def read() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(TEXT)
    return found


SERVICES: dict[str, Service] = read()["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("nachbarschaft:")}
FOREIGN = {name: service for name, service in SERVICES.items() if name not in OURS}


def settings_of(service: Service) -> dict[str, str]:
    return {name: value for name, value in service["environment"].items() if name.startswith(PREFIX)}


def test_each_part_runs_as_often_as_promised() -> None:
    counts = dict.fromkeys(PROMISED, 0)
    for service in OURS.values():
        counts[service["command"][0]] += service.get("deploy", {}).get("replicas", 1)
    assert counts == PROMISED
    assert set(FOREIGN) == {"database", "redis"}


@pytest.mark.parametrize("name", OURS)
def test_each_command_is_one_that_there_is(name: str) -> None:
    result = CliRunner().invoke(cli, [*OURS[name]["command"], "--help"])
    assert result.exit_code == 0, result.output


def test_the_image_is_this_version_built_from_this_checkout() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert {(service["image"], service["build"]) for service in OURS.values()} == {(f"nachbarschaft:{version}", ".")}


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_is_writable_and_nobody_is_root(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "/tmp" in service["tmpfs"]
    user, group = (int(part) for part in service["user"].split(":"))
    assert user > 0
    assert group > 0
    assert not service.keys() & {"privileged", "cap_add", "network_mode", "pid", "devices"}
    # The one place that outlives a container is the database's.
    assert bool(service.get("volumes")) == (name == "database")


def test_our_parts_run_as_the_images_own_user() -> None:
    final = read_dockerfile()[-1]
    assert {service["user"] for service in OURS.values()} == {final.last("USER").rest}


@pytest.mark.parametrize("name", SERVICES)
def test_it_comes_back_by_itself_unless_it_is_done(name: str) -> None:
    assert SERVICES[name]["restart"] == ("no" if name == "migrate" else "unless-stopped")


@pytest.mark.parametrize("name", SERVICES)
def test_each_part_has_a_health_check_that_can_hold_for_it(name: str) -> None:
    """The image's own asks the API's port, which the others do not have."""
    service, check = SERVICES[name], SERVICES[name].get("healthcheck")
    if service.get("command") == ["api"]:
        assert check is None
        assert read_dockerfile()[-1].health_command
    elif name == "migrate":
        assert check == {"disable": True}
    else:
        assert check is not None
        assert check["test"][0] == "CMD"
    if name in {"worker", "scheduler"}:
        assert check is not None
        assert check["test"][1:] == ["nachbarschaft", "check"]


@pytest.mark.parametrize("name", OURS)
def test_every_setting_is_one_that_is_known(name: str) -> None:
    known = KNOWN | {f"{PREFIX}{secret}_FILE" for secret in SECRETS}
    assert set(OURS[name]["environment"]) <= known


@pytest.mark.parametrize("name", OURS)
def test_what_is_set_is_enough_to_start_with(name: str, tmp_path: Path) -> None:
    """The composition's own settings, with the secrets lying in another folder, are read by the product itself."""
    given = {
        "database_url": "postgresql://nachbarschaft:secret@database/nachbarschaft\n",
        "jwt_keys": "2026a:" + "j" * 48 + "\n",
        "data_keys": "2026a:" + "d" * 48 + "\n",
        "metrics_token": "m" * 48 + "\n",
        "firebase_credentials": "{}",
        "smtp_url": "smtp://hilfe%40herne.example:secret@mail.herne.example:587\n",
    }
    for secret in OURS[name]["secrets"]:
        (tmp_path / secret).write_text(given[secret])
    env = {key: value.replace(PATH_TO_SECRETS, f"{tmp_path}/") for key, value in settings_of(OURS[name]).items()}
    env[f"{PREFIX}PUBLIC_URL"] = "https://nachbarschaft.example.org"

    settings = read_settings(read_dockerfile()[-1].environment | env)

    assert settings.database_url == given["database_url"].strip()
    assert settings.trusted_proxies == 1
    assert (settings.metrics_token is not None) == (settings.redis_url is not None) == name.startswith("api")
    assert (settings.firebase_credentials is not None) == (settings.smtp_url is not None) == (name == "worker")
    assert settings.mail_from == ("hilfe@herne.example" if name == "worker" else None)


@pytest.mark.parametrize("name", SERVICES)
def test_a_part_gets_the_secrets_that_it_reads_and_no_other(name: str) -> None:
    environment = SERVICES[name].get("environment", {}).values()
    read_from = {str(value).removeprefix(PATH_TO_SECRETS) for value in environment if PATH_TO_SECRETS in str(value)}
    assert read_from == set(SERVICES[name].get("secrets", []))


def test_no_secret_stands_in_the_file_or_in_the_repository() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            assert name.removeprefix(PREFIX) not in SECRETS, "as a file only"
            assert not re.search(r"://[^/\s]*:[^/\s]*@", str(value)), name
            assert "PASSWORD" not in name or name.endswith("_FILE"), name
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    for secret in read()["secrets"].values():
        assert set(secret) == {"file"}
        assert secret["file"].startswith("var/secrets/")
    assert "/var/" in ignored


def test_the_text_at_the_top_makes_every_secret() -> None:
    head = TEXT.partition("\nname:")[0]
    assert [name for name in read()["secrets"] if not re.search(rf"(> |\s){name}$", head, re.MULTILINE)] == []


def test_only_the_api_can_be_reached_and_only_from_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"api-1", "api-2"}
    ports = [port for each in published.values() for port in each]
    assert sorted(ports) == ["127.0.0.1:8000:8000", "127.0.0.1:8001:8000"]
    assert read()["networks"]["inside"] == {"internal": True}
    assert {name for name, service in SERVICES.items() if service["networks"] == ["inside"]} == {
        "database",
        "redis",
        "migrate",
        "scheduler",
    }


def test_the_schema_is_there_before_anything_that_needs_it() -> None:
    for name, service in OURS.items():
        waits = {other: told["condition"] for other, told in service["depends_on"].items()}
        if name == "migrate":
            assert waits == {"database": "service_healthy"}
        else:
            assert waits["migrate"] == "service_completed_successfully"


def test_every_image_of_others_is_pinned_to_a_version() -> None:
    for service in FOREIGN.values():
        assert re.fullmatch(r"[a-z]+:\d+\.\d+(\.\d+)?-[a-z]+", service["image"])


def test_redis_keeps_nothing_on_a_disk() -> None:
    command = " ".join(SERVICES["redis"]["command"])
    assert "--save  --appendonly no" in command
    assert "volumes" not in SERVICES["redis"]
    assert "/data" in SERVICES["redis"]["tmpfs"]


def test_parts_have_the_time_that_they_take_to_end() -> None:
    assert {service["stop_grace_period"] for service in OURS.values()} == {"30s"}


def _has_docker_compose() -> bool:
    command = ["docker", "compose", "version"]
    return bool(shutil.which("docker")) and subprocess.run(command, capture_output=True, check=False).returncode == 0


if _has_docker_compose():  # an addition where it is there; its absence skips nothing that would be owed

    def test_docker_compose_understands_it() -> None:
        command = ["docker", "compose", "--file", str(FILE), "config", "--quiet"]
        env = os.environ | {"NACHBARSCHAFT_PUBLIC_URL": "https://nachbarschaft.example.org"}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
