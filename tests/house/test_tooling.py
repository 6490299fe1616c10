"""The promises of `make` and of the lock files: one command from nothing, and nothing unhashed."""

import os
import re
import shutil
import signal
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / "requirements.lock"
DEVELOPMENT = ROOT / "requirements-dev.lock"
PYTHONS = ("python3.13", "python3.12", "python3.11", "python3")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What `make` reads, and nothing that is set up."""
    for name in ("Makefile", "pyproject.toml", RUNTIME.name, DEVELOPMENT.name):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


@pytest.fixture
def installed(checkout: Path) -> Path:
    """A checkout whose `nachbarschaft` says how it was called, and then waits to be ended."""
    command = checkout / ".venv" / "bin" / "nachbarschaft"
    script = 'echo "called: $* on ${HOST:-nowhere} ${PORT:-nothing}"\nexec sleep 60\n'
    program(command, script)
    return checkout


def program(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}")
    path.chmod(0o755)


def plain_environment(**more: str) -> dict[str, str]:
    """Ours without what an outer make or an operator may have set."""
    foreign = re.compile(r"MAKE|MFLAGS|HOST$|PORT$|NACHBARSCHAFT_")
    return {name: value for name, value in os.environ.items() if not foreign.match(name)} | more


def make(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env=plain_environment(**more),
        capture_output=True,
        text=True,
        check=False,
    )


def first_words(folder: Path, *arguments: str, **more: str) -> list[str]:
    """What `make run` prints until its program was called; then make is told to end, and all with it."""
    # READY stands for what set-up leaves behind, so that the test takes no network.
    with subprocess.Popen(
        ["make", "run", "READY=Makefile", *arguments],
        cwd=folder,
        env=plain_environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as running:
        assert running.stdout is not None
        lines = [running.stdout.readline().strip()]
        while not lines[-1].startswith("called:"):
            lines.append(running.stdout.readline().strip())
        running.send_signal(signal.SIGTERM)
        # The end of the stream: nobody holds it open any more, the program included.
        running.stdout.read()
    assert running.returncode == -signal.SIGTERM
    return lines


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def locked(lock: Path) -> Iterator[tuple[Requirement, str]]:
    """Each requirement of a lock file, and the lines of its hashes."""
    for entry in re.split(r"\n(?=\w)", lock.read_text()):
        first, _, rest = entry.partition(" \\\n")
        yield Requirement(first), rest


@pytest.mark.parametrize("lock", [RUNTIME, DEVELOPMENT], ids=lambda lock: lock.name)
def test_everything_locked_is_one_version_with_hashes(lock: Path) -> None:
    for requirement, rest in locked(lock):
        assert re.fullmatch(r"==[\w.+!-]+", str(requirement.specifier))
        assert rest.lstrip().startswith("--hash=sha256:"), requirement


@pytest.mark.parametrize("lock", [RUNTIME, DEVELOPMENT], ids=lambda lock: lock.name)
def test_a_lock_names_no_address_and_no_folder(lock: Path) -> None:
    assert not re.search(r"://|--index|--find-links|@ |^-|/(home|opt|root|tmp)/", lock.read_text(), re.MULTILINE)


def test_tests_run_with_the_very_versions_that_the_product_runs_with() -> None:
    tested = {str(requirement): rest.split("# via")[0] for requirement, rest in locked(DEVELOPMENT)}
    for requirement, rest in locked(RUNTIME):
        assert tested[str(requirement)] == rest.split("# via")[0]


def test_the_locks_hold_what_the_project_declares() -> None:
    project = pyproject()
    groups = project["dependency-groups"]
    declared = {RUNTIME: project["project"]["dependencies"] + groups["build"], DEVELOPMENT: groups["dev"]}
    for lock, texts in declared.items():
        pins = {requirement.name: requirement.specifier for requirement, _ in locked(lock)}
        for wanted in map(Requirement, texts):
            (pin,) = pins[wanted.name]
            assert wanted.specifier.contains(pin.version), wanted


def test_building_takes_nothing_that_is_not_locked() -> None:
    assert pyproject()["build-system"]["requires"] == pyproject()["dependency-groups"]["build"]


def test_make_alone_lists_every_target_with_its_meaning(checkout: Path) -> None:
    listed = set(re.findall(r"^  ([a-z-]+) +\S", make(checkout).stdout, re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    assert listed == set(phony[1].split())


def test_a_machine_without_a_suitable_python_is_told_so_in_one_sentence(checkout: Path) -> None:
    for name in PYTHONS:
        program(checkout / "old" / name, "exit 1\n")
    answer = make(checkout, "setup", PATH=f"{checkout / 'old'}:{os.environ['PATH']}")
    assert answer.returncode != 0
    assert answer.stderr.splitlines()[0] == (
        "Nachbarschaft needs Python 3.11, 3.12 or 3.13: install one, or name it with PYTHON=."
    )
    assert not (checkout / ".venv").exists()


def test_a_python_without_venv_is_told_what_to_install(checkout: Path) -> None:
    for name in PYTHONS:
        program(checkout / "bare" / name, 'case "$2" in *ensurepip*) exit 1 ;; esac\n')
    answer = make(checkout, "setup", PATH=f"{checkout / 'bare'}:{os.environ['PATH']}")
    assert answer.returncode != 0
    assert answer.stderr.splitlines()[0] == ("python3 cannot create a virtual environment: install python3-venv.")


def test_run_starts_everything_with_the_demo_and_ends_it_on_sigterm(installed: Path) -> None:
    assert first_words(installed) == ["called: up --demo on nowhere nothing"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_host_and_port_of_the_command_line_are_handed_on(installed: Path, host: str) -> None:
    assert first_words(installed, f"HOST={host}", "PORT=9000") == [f"called: up --demo on {host} 9000"]


@pytest.mark.parametrize("name", ["HOST", "NACHBARSCHAFT_HOST"])
def test_off_loopback_there_is_no_demo_and_it_says_so(installed: Path, name: str) -> None:
    said, called = first_words(installed, **{name: "0.0.0.0"})
    assert said.startswith("Starting without the demo")
    assert called.startswith("called: up on")


def test_the_check_before_merging_can_be_run_as_it_stands() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
