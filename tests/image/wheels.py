"""The locked packages as files, so that the steps of the Dockerfile need no network and no index of their own."""

import re
import subprocess
import sys
from pathlib import Path

from packaging.requirements import Requirement

from tests.image.dockerfile import ROOT


def fetch_wheels(folder: Path, python: str) -> None:
    """Fetches what requirements.lock names for that Python ("3.13.5"), checked against its hashes, as pip is set up."""
    lock = folder / "for-this-python.txt"
    lock.write_text("\n".join(_holding(python)), encoding="utf-8")
    what = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--requirement", str(lock)]
    where = ["--python-version", python, "--dest", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", *what, *where], check=True)


def _holding(python: str) -> list[str]:
    """The entries for that Python, without their markers: pip would read those for the Python that it runs on."""
    there = {"python_full_version": python, "python_version": ".".join(python.split(".")[:2])}
    found = []
    for entry in re.split(r"\n(?=\w)", (ROOT / "requirements.lock").read_text(encoding="utf-8")):
        first, _, hashes = entry.partition(" \\\n")
        requirement = Requirement(first)
        if requirement.marker is None or requirement.marker.evaluate(dict(there)):
            found.append(f"{requirement.name}{requirement.specifier} \\\n{hashes}")
    return found
