"""Executes a Dockerfile without a builder: each instruction by hand, in a clean root directory."""

import platform
import shutil
import subprocess
from pathlib import Path

from tests.image.context import read_ignored, visible
from tests.image.dockerfile import ROOT, Instruction, Stage
from tests.image.enclosure import enclosed
from tests.image.wheels import fetch_wheels

RELEASES = {"python:3.13-slim": "trixie"}
"""The Debian release that stands in for a base image: the one whose own Python is that one."""
WHEELS = "wheels"


class Builder:
    """Makes each stage's root directory under `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ignored = read_ignored()

    def build(self, stages: list[Stage]) -> Path:
        """Executes all stages; the last one's root directory."""
        for number, stage in enumerate(stages):
            self._start(stage, self._root(stage.name or str(number)))
            self._execute(stage, self._root(stage.name or str(number)))
        return self._root(stages[-1].name or str(len(stages) - 1))

    def _root(self, name: str) -> Path:
        return self._folder / f"stage-{name}"

    def _start(self, stage: Stage, root: Path) -> None:
        base = self._folder / f"base-{RELEASES[stage.base]}"
        if not base.exists():
            _make_base(base, RELEASES[stage.base])
        subprocess.run(["cp", "-a", "--reflink=auto", base, root], check=True)

    def _execute(self, stage: Stage, root: Path) -> None:
        folder, env = "/", Stage(stage.base, None, []).environment
        for step in stage.instructions:
            print(f"{step.word} {step.rest}"[:110], flush=True)  # noqa: T201 - a command's output
            if step.word == "RUN":
                self._run(step, root, env, folder)
            elif step.word == "COPY":
                self._copy(step, root, folder)
            elif step.word == "WORKDIR":
                folder = step.rest
                (root / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)

    def _run(self, step: Instruction, root: Path, env: dict[str, str], folder: str) -> None:
        """Without a network: pip finds in a folder what the lock file names, and checks the hashes all the same."""
        shelf = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": f"/{WHEELS}", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        (root / WHEELS).mkdir(exist_ok=True)
        with enclosed(root) as inside:
            inside.mount("--bind", str(self._wheels(root)), str(root / WHEELS))
            subprocess.run(inside.command(["sh", "-c", step.rest], env | shelf, folder=folder), check=True)
        (root / WHEELS).rmdir()

    def _wheels(self, root: Path) -> Path:
        folder = self._folder / WHEELS
        if not folder.exists():
            folder.mkdir()
            fetch_wheels(folder, python_of(root))
        return folder

    def _copy(self, step: Instruction, root: Path, folder: str) -> None:
        *sources, target = step.words
        where = root / folder.lstrip("/") / target if not target.startswith("/") else root / target.lstrip("/")
        if "from" in step.options:
            for source in sources:
                subprocess.run(["cp", "-a", self._root(step.options["from"]) / source.lstrip("/"), where], check=True)
            return
        for source in sources:
            for path in visible(source, self._ignored):
                # A folder's content goes to the target, a file keeps its name in a target that is a folder.
                inner = path.relative_to(source) if (ROOT / source).is_dir() else path
                (where / inner).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / path, where / inner)


def python_of(root: Path) -> str:
    """The version of the Python in there."""
    with enclosed(root) as inside:
        words = ["python", "-c", "import platform; print(platform.python_version())"]
        command = inside.command(words, Stage("", None, []).environment)
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _make_base(base: Path, release: str) -> None:
    """A Debian with nothing but Python; pip, and `python` as its name, lie under /usr/local as in the real base."""
    print(f"Making a clean Debian ({release}, {platform.machine()}) …", flush=True)  # noqa: T201 - a command's output
    unfinished = base.with_name(f"{base.name}-unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    include = "--include=python3,python3-venv"
    log = base.with_suffix(".log")
    with log.open("wb") as output:
        subprocess.run(["debootstrap", "--variant=minbase", include, release, unfinished], check=True, stdout=output)
    with enclosed(unfinished) as inside:
        env = Stage("", None, []).environment
        subprocess.run(inside.command(["python3", "-m", "venv", "/usr/local"], env), check=True)
    unfinished.rename(base)
