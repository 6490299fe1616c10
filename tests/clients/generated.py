"""A client that a stranger's generator makes from the document, and somebody who uses it."""

import importlib
import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

PACKAGE = "nachbarschaft_client"
_WITHIN = 90
"""Seconds that the generator may take before it counts as hanging."""


class Kit:
    """The generated package: its models, its types, and its calls by their names."""

    def __init__(self, folder: Path) -> None:
        sys.path.insert(0, str(folder))
        self.package = importlib.import_module(PACKAGE)
        self.models: Any = importlib.import_module(f"{PACKAGE}.models")
        api = importlib.import_module(f"{PACKAGE}.api")
        found = pkgutil.walk_packages(api.__path__, f"{PACKAGE}.api.")
        self.calls = {
            module.name.rpartition(".")[2]: importlib.import_module(module.name) for module in found if not module.ispkg
        }

    def close(self) -> None:
        """Forgets the package, so that another one may be generated."""
        sys.path.remove(str(Path(str(self.package.__file__)).parents[1]))
        for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
            del sys.modules[name]


class Caller:
    """Somebody with the generated client in their hands, signed in once they have a token."""

    def __init__(self, kit: Kit, url: str, token: str | None = None) -> None:
        self.kit = kit
        self.url = url
        known: dict[str, Any] = {"raise_on_unexpected_status": True, "headers": {"Accept-Language": "en"}}
        package: Any = kit.package
        self._client = (
            package.Client(url, **known) if token is None else package.AuthenticatedClient(url, token=token, **known)
        )

    def with_token(self, token: str) -> Self:
        return type(self)(self.kit, self.url, token)

    def call(self, name: str, *path: Any, **given: Any) -> Any:
        """What the generated client makes of a successful answer."""
        answer = self.answer(name, *path, **given)
        assert answer.status_code < 300, (name, answer.status_code, answer.content)
        return answer.parsed

    def refusal(self, name: str, *path: Any, **given: Any) -> Any:
        """The problem that it makes of a refusal."""
        answer = self.answer(name, *path, **given)
        assert answer.status_code >= 400, (name, answer.status_code)
        assert isinstance(answer.parsed, self.kit.models.Problem), (name, answer.parsed)
        assert answer.parsed.status == answer.status_code
        return answer.parsed

    def answer(self, name: str, *path: Any, **given: Any) -> Any:
        """The whole answer, headers too."""
        call: Any = self.kit.calls[name]
        return call.sync_detailed(*path, client=self._client, **given)

    def close(self) -> None:
        self._client.get_httpx_client().close()


def generate(document: dict[str, Any], folder: Path) -> str:
    """Generates the package into `folder` and returns what the generator said; a warning of it is a failure."""
    (folder / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / "config.yml").write_text(f"package_name_override: {PACKAGE}\npost_hooks: []\n", encoding="utf-8")
    ran = subprocess.run(
        [
            Path(sys.executable).with_name("openapi-python-client"),
            "generate",
            *("--path", folder / "openapi.json"),
            *("--config", folder / "config.yml"),
            *("--output-path", folder / PACKAGE),
            *("--meta", "none"),
            "--fail-on-warning",
        ],
        capture_output=True,
        text=True,
        timeout=_WITHIN,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def snake(operation: str) -> str:
    """`createRequest` as Python writes it."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()
