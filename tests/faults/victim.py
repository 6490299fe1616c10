"""`python -m tests.faults.victim --place P --nth N --folder D [--whole] -- COMMAND…`: `nachbarschaft`, and how it dies.

Everything but the listeners is the product as it is shipped. Of the API only the processes that serve count.
"""

import argparse
import os
import sys
from pathlib import Path

from nachbarschaft.cli import main
from tests.faults.hooks import Hooks
from tests.faults.points import Death
from tests.faults.striking import Striker


def launcher(death: Death, folder: Path) -> list[str]:
    """What follows the interpreter's name to start such a process; `nachbarschaft`'s own arguments come after it."""
    options = ["--place", death.place.name, "--nth", str(death.nth), "--folder", str(folder)]
    return ["-m", "tests.faults.victim", *options, *(["--whole"] if death.whole else []), "--"]


def _run(arguments: list[str]) -> None:
    split = arguments.index("--")
    parser = argparse.ArgumentParser(prog="python -m tests.faults.victim")
    parser.add_argument("--place", required=True)
    parser.add_argument("--nth", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--whole", action="store_true")
    options = parser.parse_args(arguments[:split])
    command = arguments[split + 1 :]
    striker = Striker(options.folder, options.nth, whole=options.whole)
    Hooks(options.place, striker).install()
    if "api" in command:
        os.register_at_fork(after_in_child=lambda: setattr(striker, "armed", True))
    else:
        striker.armed = True
    sys.argv = ["nachbarschaft", *command]
    main()


if __name__ == "__main__":
    _run(sys.argv[1:])
