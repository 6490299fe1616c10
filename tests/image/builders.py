"""Builds the real image with docker or podman, and unpacks it into a root directory."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.image.dockerfile import ROOT

TAG = "localhost/nachbarschaft:under-test"


@dataclass(frozen=True, slots=True)
class ImageBuilder:
    """docker or podman: for what is needed here they take the same words."""

    program: str

    def has(self, image: str) -> bool:
        """Whether the base image is there, or can be fetched."""
        return self._works("image", "inspect", image) or self._works("pull", "--quiet", image)

    def build_into(self, root: Path) -> None:
        """Builds the Dockerfile as it stands; `root` then holds the image's files."""
        # podman's own format of an image has no place for a health check.
        form = ["--format", "docker"] if self.program == "podman" else []
        self._call("build", *form, "--tag", TAG, str(ROOT))
        container = self._said("create", TAG)
        try:
            root.mkdir(parents=True)
            with subprocess.Popen([self.program, "export", container], stdout=subprocess.PIPE) as export:
                subprocess.run(["tar", "-x", "--numeric-owner", "-C", root], stdin=export.stdout, check=True)
        finally:
            self._call("rm", container)

    def configuration(self) -> tuple[str, str, str]:
        """User, entry point and command as the image itself names them."""
        form = "{{.Config.User}}|{{json .Config.Entrypoint}}|{{json .Config.Cmd}}"
        user, entry, command = self._said("image", "inspect", "--format", form, TAG).split("|")
        return user, entry, command

    def _call(self, *words: str) -> None:
        subprocess.run([self.program, *words], check=True)

    def _said(self, *words: str) -> str:
        return subprocess.run([self.program, *words], check=True, capture_output=True, text=True).stdout.strip()

    def _works(self, *words: str) -> bool:
        return subprocess.run([self.program, *words], capture_output=True, check=False).returncode == 0


def find_builder(bases: Sequence[str]) -> ImageBuilder | None:
    """One that answers and can have all base images; None where there is none, as on a machine without a registry."""
    for program in ("docker", "podman"):
        builder = ImageBuilder(program)
        if shutil.which(program) and all(builder.has(base) for base in bases):
            return builder
    return None
