"""`python -m tests.image [FOLDER]`: builds what the Dockerfile says and proves what it promises; takes some minutes.

With docker or podman and the base image, the real one; else each step by hand in a clean Debian, as root on Linux.
A FOLDER is kept, with the clean Debian and the packages in it, so that a second time takes less long.
"""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.image.builders import find_builder
from tests.image.by_hand import RELEASES, Builder, python_of
from tests.image.dockerfile import Stage, read_dockerfile
from tests.image.proof import prove

NEEDED = ("unshare", "nsenter", "chroot", "mount")


def main() -> None:
    """Exits with a sentence where this machine cannot do it."""
    if sys.platform != "linux" or os.getuid() != 0 or not all(map(shutil.which, NEEDED)):
        sys.exit("The image is proved on Linux, as root: its file system is mounted here as a container would see it.")
    kept = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
    folder = kept or Path(tempfile.mkdtemp(prefix="nachbarschaft-image-", dir="/var/tmp"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        _work(folder, read_dockerfile())
    finally:
        for stage in folder.glob("stage-*"):
            shutil.rmtree(stage)
        if kept is None:
            shutil.rmtree(folder)


def _work(folder: Path, stages: list[Stage]) -> None:
    builder = find_builder(sorted({stage.base for stage in stages}))
    if builder is not None:
        root = folder / "stage-image"
        builder.build_into(root)
        user, entry, command = builder.configuration()
        final = stages[-1]
        assert user == final.last("USER").rest
        assert json.loads(entry) == final.last("ENTRYPOINT").words
        assert json.loads(command) == final.last("CMD").words
        print(f"The real image, built with {builder.program}.")  # noqa: T201 - a command's output
    elif shutil.which("debootstrap"):
        root = Builder(folder).build(stages)
        stands_in = f"Debian {RELEASES[stages[-1].base]} with Python {python_of(root)}"
        print(f"By hand: {stands_in} in the place of {stages[-1].base}.")  # noqa: T201 - a command's output
    else:
        sys.exit("This takes docker or podman with the base image, or else debootstrap.")
    prove(root, stages[-1])


if __name__ == "__main__":
    main()
