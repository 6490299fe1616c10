"""What can be said of the Dockerfile without building it; `python -m tests.image` executes it."""

import fnmatch
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from nachbarschaft.cli import cli
from nachbarschaft.config import PREFIX, read_settings
from tests.image.context import Ignored, read_ignored, visible
from tests.image.dockerfile import ROOT, Stage, read_dockerfile

PACKAGES = ("api", "jobs", "models", "nachbarschaft")
FOR_OPERATORS = "nachbarschaft/ops/"
"""Files that operators take from the checkout; nothing that runs reads them."""
BUILD_TOOLS = ("apt", "gcc", "build-essential", "curl", "wget", "git", "pip install")


@pytest.fixture(scope="module")
def stages() -> list[Stage]:
    return read_dockerfile()


@pytest.fixture(scope="module")
def final(stages: list[Stage]) -> Stage:
    return stages[-1]


def test_there_are_two_stages_on_the_same_pinned_base(stages: list[Stage]) -> None:
    build, final = stages
    assert build.name == "build"
    assert build.base == final.base == "python:3.13-slim"


def test_the_last_stage_installs_nothing_and_removes_pip(final: Stage) -> None:
    commands = " ".join(step.rest for step in final.all("RUN"))
    assert [tool for tool in BUILD_TOOLS if tool in commands] == []
    assert "pip uninstall --yes pip" in commands
    assert "ensurepip" in commands
    assert [(step.options, step.words) for step in final.all("COPY")] == [({"from": "build"}, ["/app", "/app"])]


def test_only_what_is_locked_and_hashed_is_installed(stages: list[Stage]) -> None:
    installs = [part for step in stages[0].all("RUN") for part in step.rest.split("&&") if "pip install" in part]
    from_lock, ourselves = installs
    assert "--require-hashes" in from_lock
    assert "requirements.lock" in from_lock
    assert "--no-deps" in ourselves
    assert "--no-build-isolation" in ourselves


def test_it_runs_as_a_number_that_is_not_roots(final: Stage) -> None:
    user, group = final.last("USER").rest.split(":")
    assert user.isdecimal()
    assert group.isdecimal()
    assert 0 not in {int(user), int(group)}
    words = [step.word for step in final.instructions]
    assert "RUN" not in words[words.index("USER") :], "nothing is set up after the privileges are gone"
    assert final.last("WORKDIR").rest == "/data"


def test_it_starts_the_operators_command(final: Stage) -> None:
    assert final.last("ENTRYPOINT").words == ["nachbarschaft"]
    (command,) = final.last("CMD").words
    assert CliRunner().invoke(cli, [command, "--help"]).exit_code == 0


def test_the_health_check_asks_the_port_that_is_listened_on(final: Stage) -> None:
    settings = read_settings(final.environment | {f"{PREFIX}{name}_KEYS": "k:" + "x" * 32 for name in ("JWT", "DATA")})
    program = final.health_command[-1]
    assert f"http://127.0.0.1:{settings.port}/health/live" in program
    assert final.last("EXPOSE").rest == str(settings.port)
    assert not settings.listens_on_loopback
    assert settings.log_format == "json"


def test_every_setting_of_the_image_is_one_that_is_known_and_none_is_secret(final: Stage) -> None:
    names = {name.removeprefix(PREFIX) for name in final.environment if name.startswith(PREFIX)}
    assert names == {"HOST", "LOG_FORMAT"}


def test_what_is_copied_exists_and_is_all_that_the_product_needs(stages: list[Stage]) -> None:
    ignored = read_ignored()
    copied = {source for step in stages[0].all("COPY") for source in step.words[:-1]}
    assert copied == {"requirements.lock", "pyproject.toml", "setup.cfg", *PACKAGES}
    for source in copied:
        assert list(visible(source, ignored)), source
    for package in PACKAGES:
        files = {path for path in (ROOT / package).rglob("*") if path.is_file() and "__pycache__" not in path.parts}
        assert {ROOT / path for path in visible(package, ignored)} == files


@pytest.mark.parametrize(
    "path",
    [
        "var/jwt-keys",
        "var/secrets/database_url",
        ".git/config",
        ".venv/bin/python",
        ".env",
        "nachbarschaft/.env",
        "firebase.json",
        "tests/conftest.py",
        "requirements-dev.lock",
        "compose.yaml",
        "nachbarschaft/__pycache__/cli.pyc",
    ],
)
def test_what_is_no_part_of_the_product_does_not_reach_the_builder(path: str) -> None:
    assert path in read_ignored()


def test_rules_are_read_as_a_builder_reads_them() -> None:
    ignored = Ignored("# all\n*\n!a\na/*.pem\n**/x\n!b/c?")

    assert {path for path in ("a", "a/b.py", "b/cd", "b/cd/e") if path in ignored} == set()
    assert {path for path in ("b", "a/k.pem", "a/b/x", "x", "a/x/y", "b/cde") if path not in ignored} == set()
    # A star does not reach into folders.
    assert "a/b/k.pem" not in ignored


def test_every_file_beside_the_code_is_installed_with_it() -> None:
    """What package-data leaves out is there in a checkout and missing in the image."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["*"]
    left_out = [path for path in _beside_the_code() if not any(fnmatch.fnmatch(path.name, each) for each in patterns)]

    assert left_out == []
    assert {path.suffix for path in _beside_the_code()} >= {".json", ".txt", ".po", ".geojson", ".html", ".mako"}


def _beside_the_code() -> list[Path]:
    seen = [path for package in PACKAGES for path in visible(package, read_ignored())]
    return [path for path in seen if path.suffix != ".py" and not path.as_posix().startswith(FOR_OPERATORS)]
