"""What an image has to show: no tools left in it, no privileges, nothing written but where it may, and a clean end."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.image.context import read_ignored, visible
from tests.image.dockerfile import Stage
from tests.image.enclosure import Enclosure, enclosed

TOOLS = ["cc", "gcc", "g++", "clang", "ld", "make", "pip", "pip3", "curl", "wget", "git"]
PIECES = ["pip", "setuptools", "ensurepip", "wheel"]
READY_WITHIN, ENDS_WITHIN = 60.0, 30.0
_INSIDE = """
import importlib.util, json, os, shutil, sys
def refused(path):
    try:
        open(path + "/probe", "w").close()
        os.unlink(path + "/probe")
    except OSError as error:
        return error.strerror
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps({
    "user": [os.getuid(), os.getgid(), os.getgroups()],
    "capabilities": int(status["CapEff"], 16),
    "tools": [tool for tool in sys.argv[1].split() if shutil.which(tool)],
    "pieces": [name for name in sys.argv[2].split() if importlib.util.find_spec(name)],
    "writable": [path for path in sys.argv[3].split() if not refused(path)],
}))
"""
_BASE_INSIDE = "import importlib.util, sys; print([n for n in sys.argv[1:] if importlib.util.find_spec(n)])"


@dataclass(frozen=True, slots=True)
class Running:
    """The image at work: its root directory read-only, /tmp and /data writable, as its own user."""

    inside: Enclosure
    stage: Stage

    def command(self, words: Sequence[str]) -> list[str]:
        user, folder = self.stage.last("USER").rest, self.stage.last("WORKDIR").rest
        return self.inside.command(words, self.stage.environment, user=user, folder=folder)

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(self.command(words), capture_output=True, text=True, check=False)

    def part(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """`docker run IMAGE WORDS…`"""
        return self.run(*self.stage.last("ENTRYPOINT").words, *words)


@contextmanager
def read_only(root: Path, stage: Stage) -> Iterator[Running]:
    """Mounted as `docker run --read-only --tmpfs /tmp` with a volume at /data would."""
    with enclosed(root) as inside:
        owner = "uid={},gid={}".format(*stage.last("USER").rest.split(":"))
        inside.mount("--bind", str(root), str(root))
        inside.mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", str(root / "tmp"))
        inside.mount("-t", "tmpfs", "-o", f"mode=0700,{owner}", "tmpfs", str(root / "data"))
        inside.mount("-o", "remount,bind,ro", str(root))
        yield Running(inside, stage)


def prove(root: Path, stage: Stage) -> None:
    """Raises AssertionError at the first thing that is not as promised."""
    with read_only(root, stage) as image:
        _prove_bareness(image)
        _prove_completeness(image)
        _prove_start(image)
        _prove_health_and_end(image)


def _prove_bareness(image: Running) -> None:
    places = "/ /app /etc /usr/local /var /data /tmp /data/.."
    told = json.loads(_good(image.run("python", "-c", _INSIDE, " ".join(TOOLS), " ".join(PIECES), places)))
    user, group = (int(part) for part in image.stage.last("USER").rest.split(":"))
    _show("runs as", told["user"])
    assert told["user"] == [user, group, []], told
    assert told["capabilities"] == 0, told
    assert told["tools"] == [], told
    assert told["pieces"] == [], told
    assert told["writable"] == ["/data", "/tmp"], told
    # The base's own Python, which /app was made from, could bring pip back.
    base = _good(image.run("/usr/local/bin/python", "-c", _BASE_INSIDE, "pip", "ensurepip"))
    assert base.strip() == "[]", base
    _show("no tools, no pip; writable are", told["writable"])


def _prove_completeness(image: Running) -> None:
    """Every file of the packages, as installed; and nothing that is not there."""
    where = _good(image.run("python", "-c", "import nachbarschaft; print(nachbarschaft.__file__)")).strip()
    site = image.inside.root / str(Path(where).parents[1]).lstrip("/")
    wanted = [
        path for package in ("api", "jobs", "models", "nachbarschaft") for path in visible(package, read_ignored())
    ]
    missing = [str(path) for path in wanted if not (site / path).is_file() and "ops" not in path.parts]
    assert missing == [], missing
    _show("files of the product that are installed", len(wanted))


def _prove_start(image: Running) -> None:
    unmigrated = image.part("check")
    assert unmigrated.returncode == 1, unmigrated.stdout
    assert "nachbarschaft db upgrade" in unmigrated.stdout, unmigrated.stdout
    _good(image.part("db", "upgrade"))
    _good(image.part("db", "check"))
    said = _good(image.part("check"))
    assert "bad" not in said, said
    document = json.loads(_good(image.part("openapi")))
    assert "/v1/requests" in document["paths"]
    _show("db upgrade, db check, check, openapi", "as they should")


def _prove_health_and_end(image: Running) -> None:
    health = image.stage.health_command
    words = [*image.stage.last("ENTRYPOINT").words, *image.stage.last("CMD").words]
    assert image.run(*health).returncode != 0, "healthy before anything runs"
    with subprocess.Popen(image.command(words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as api:
        try:
            began = time.monotonic()
            while image.run(*health).returncode != 0:
                assert api.poll() is None, api.stdout and api.stdout.read()
                assert time.monotonic() < began + READY_WITHIN, "never healthy"
            _show("healthy after", f"{time.monotonic() - began:.1f} s")
            image.inside.tell(api, signal.SIGTERM)
            assert api.wait(ENDS_WITHIN) == 0, api.returncode
        finally:
            api.kill()
    assert _good(image.run("ls", "-A", "/tmp")).strip() == "", "something was left in /tmp"
    for part in ("worker", "scheduler"):
        _prove_part(image, part)
    _show("SIGTERM ends api, worker and scheduler with", 0)


def _prove_part(image: Running, part: str) -> None:
    words = [*image.stage.last("ENTRYPOINT").words, part]
    with subprocess.Popen(image.command(words), stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            first = process.stderr.readline()
            assert json.loads(first)["event"] == f"{part}_ready", first
            image.inside.tell(process, signal.SIGTERM)
            assert process.wait(ENDS_WITHIN) == 0
        finally:
            process.kill()


def _good(done: "subprocess.CompletedProcess[str]") -> str:
    assert done.returncode == 0, (done.args[-6:], done.returncode, done.stdout, done.stderr)
    return done.stdout


def _show(what: str, value: object) -> None:
    sys.stdout.write(f"ok    {what}: {value}\n")
    sys.stdout.flush()
