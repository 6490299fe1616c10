"""What the TypeScript program brings along is pinned, wherever it is fetched from."""

import json
from pathlib import Path

SOURCE = Path(__file__).parent / "typescript"


def test_the_lock_file_pins_every_package_by_its_hash_and_names_no_place_to_fetch_it_from() -> None:
    manifest = json.loads((SOURCE / "package.json").read_text(encoding="utf-8"))
    packages = json.loads((SOURCE / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    wanted = {**manifest["dependencies"], **manifest["devDependencies"]}
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    for name, locked in packages.items():
        assert "resolved" not in locked, name
        assert not name or locked["integrity"].startswith("sha512-"), name
