"""The OpenAPI 3.1 document, built from the declarations above the routes."""

import json
import sys
from functools import cache
from importlib.metadata import version
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from flask import Flask

from api.describing import described, openapi_path
from api.enums import name_enums
from api.examples import illustrate, shared_examples
from api.operation import Operation
from api.preface import PREFACE
from api.problems import codes
from api.schemas.basics import Change
from api.schemas.operations import ProblemSchema
from api.shapes import describe_field

TAGS = {
    "Sign-in": "From sign-up to sign-out.",
    "Me": "My account, devices, preferences and inbox.",
    "Quarters": "The quarters that take part.",
    "Words": "What things are called, and whom to call.",
    "Requests": "Asking for help.",
    "Helping": "Offering help and taking tasks on.",
    "Coordination": "For the coordinators of a quarter.",
    "Operations": "For operators and developers.",
}
_NAMES = {
    "ContactTaken": "ContactReason",
    "DispatchTaken": "NewDispatchSettings",
    "PasswordTaken": "PasswordChange",
    "SettingsTaken": "SettingsChange",
    "VerifyTaken": "Verification",
}
"""What would else have a verb, or the wrong noun, for a name."""


def operations_of(app: Flask) -> list[Operation]:
    """Every declared route, in the order of registration."""
    views = (app.view_functions[rule.endpoint] for rule in app.url_map.iter_rules())
    return [view.operation for view in views if hasattr(view, "operation")]


def build_document(app: Flask) -> dict[str, Any]:
    """The whole document as plain data."""
    return _build(tuple(operations_of(app)))


def document_text(app: Flask) -> str:
    """The same as JSON, written once."""
    return _written(tuple(operations_of(app)))


@cache
def _written(operations: tuple[Operation, ...]) -> str:
    return json.dumps(_build(operations), ensure_ascii=False, separators=(",", ":"))


@cache
def _build(operations: tuple[Operation, ...]) -> dict[str, Any]:
    plugin = MarshmallowPlugin(schema_name_resolver=_schema_name)
    spec = APISpec(
        title="Nachbarschaft",
        version=version("nachbarschaft"),
        openapi_version="3.1.0",
        plugins=[plugin],
        info={"description": PREFACE},
        servers=[{"url": "/", "description": "The server that gave you this document."}],
        tags=[{"name": name, "description": text} for name, text in TAGS.items()],
    )
    converter = plugin.converter
    if converter is None:
        raise LookupError("apispec has no converter")
    converter.add_attribute_function(describe_field)  # type: ignore[no-untyped-call]  # apispec leaves it bare
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    spec.components.schema("Problem", schema=ProblemSchema)
    for code, example in shared_examples().items():
        spec.components.example(code, example)
    for operation in operations:
        told = illustrate(described(operation))
        spec.path(path=openapi_path(operation.rule), operations={operation.method.lower(): told})
    document = spec.to_dict()
    _say_what_changes_need(document, converter)
    code = document["components"]["schemas"]["Problem"]["properties"]["code"]
    code["description"] = f"Stable; for programs. Now: {', '.join(f'`{known}`' for known in codes())}."
    return name_enums(document)


def _say_what_changes_need(document: dict[str, Any], converter: OpenAPIConverter) -> None:
    """A change of nothing is refused, which marshmallow's fields cannot say."""
    for (schema, *_modifiers), name in converter.refs.items():
        if issubclass(schema, Change):
            document["components"]["schemas"][name]["minProperties"] = 1


def _schema_name(schema: Any) -> str:
    """The public name: the class without the words that only we need; "New" for what is given back under its own."""
    kind = schema if isinstance(schema, type) else type(schema)
    stem = kind.__name__.removesuffix("Schema").removesuffix("Taken")
    has_twin = kind.__name__.endswith("Taken") and hasattr(sys.modules[kind.__module__], f"{stem}Schema")
    return _NAMES.get(kind.__name__, f"New{stem}" if has_twin else stem)
