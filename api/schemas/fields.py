"""Fields that convert nothing: a number in quotes, a float for an integer or a word for a boolean is an error."""

import re
from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields

from api.schemas import validate
from nachbarschaft.notes import clean_text
from nachbarschaft.words import mark as _

_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})")
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class Text(fields.String):
    """A cleaned, trimmed text of `shortest` to `longest` characters."""

    def __init__(self, *, shortest: int = 0, longest: int, **kwargs: Any) -> None:
        kwargs.setdefault("validate", validate.Length(min=shortest or None, max=longest))
        super().__init__(**kwargs)
        self.shortest = shortest

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return clean_text(text)
        except ValueError as error:
            raise ValidationError(str(error)) from None


class Truth(fields.Boolean):
    """true or false, and nothing that might mean it."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Whole(fields.Integer):
    """A JSON integer between `least` and `most`; 1.0 and "1" are none."""

    def __init__(self, *, least: int, most: int, **kwargs: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(min=least, max=most), **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **kwargs)


class Number(fields.Float):
    """A JSON number between `least` and `most`."""

    def __init__(self, *, least: float, most: float, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(min=least, max=most), **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **kwargs)


class Instant(fields.AwareDateTime):
    """An RFC 3339 instant with a zone; given in UTC with Z."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not _RFC3339.fullmatch(value):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        try:
            instant = datetime.fromisoformat(value)
            if not _EARLIEST <= instant <= _LATEST:
                raise ValidationError(_("This time is too far away."))
            return instant.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            if isinstance(error, ValidationError):
                raise
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from None


class Day(fields.Date):
    """A calendar day, YYYY-MM-DD."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        return super()._deserialize(value, attr, data, **kwargs)


class QueryWhole(fields.Integer):
    """An integer in a query: ASCII digits."""

    def __init__(self, *, least: int, most: int, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(min=least, max=most), **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not re.fullmatch(r"[0-9]{1,9}", str(value)):
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **kwargs)


class QueryTruth(fields.Boolean):
    """true or false in a query, spelled exactly so."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if value not in {"true", "false"}:
            raise self.make_error("invalid")
        return value == "true"


class QueryNumber(fields.Float):
    """A decimal number in a query, such as -7.25 or 1e-05."""

    def __init__(self, *, least: float, most: float, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(min=least, max=most), **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not re.fullmatch(r"-?[0-9]{1,4}(\.[0-9]{1,30})?([eE]-?[0-9]{1,3})?", str(value)):
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **kwargs)
