"""What the document says about a field beyond what apispec reads off it: the rules that a schema can say."""

from typing import Any

from marshmallow import fields

from api.schemas.basics import Taken, all_different
from api.schemas.fields import Instant, Text
from api.schemas.validate import OneOf, Regexp

_SHOWN = r"[^\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]"
"""Control characters other than layout are refused in every text."""
_NOT_BLANK = r"[^\s\u0000-\u001F\u007F-\u009F]"
_STORABLE = r"^[^\u0000]*$"
"""No string of a body may hold NUL."""


def describe_field(_converter: Any, field: Any, **_kwargs: Any) -> dict[str, Any]:
    """JSON Schema keywords for `field`, as apispec's converter asks for them."""
    if isinstance(field, Instant):
        return {"format": "date-time"}
    if isinstance(field, Text):
        return {"pattern": f"^{_SHOWN}*{_NOT_BLANK}{_SHOWN}*$" if field.shortest else f"^{_SHOWN}*$"}
    if isinstance(field, fields.Dict) and field.key_field is not None:
        return _keys_of(field.key_field)
    if isinstance(field, fields.List) and all_different in field.validators:
        return {"uniqueItems": True}
    if type(field) is fields.String and isinstance(field.parent, Taken):
        return {} if any(isinstance(rule, OneOf | Regexp) for rule in field.validators) else {"pattern": _STORABLE}
    return {}


def _keys_of(field: Any) -> dict[str, Any]:
    choices = [list(rule.choices) for rule in field.validators if isinstance(rule, OneOf)]
    return {"propertyNames": {"enum": choices[0]}} if choices else {}
