"""marshmallow's validators as our schemas use them: what they say is translated, and a pattern means the whole text."""

from collections.abc import Sized
from typing import Any

from marshmallow import ValidationError
from marshmallow import validate as library
from marshmallow.validate import Equal

from nachbarschaft.phones import PhoneRefused, normalise_phone
from nachbarschaft.words import Sentence
from nachbarschaft.words import mark as _

__all__ = ["Equal", "Length", "OneOf", "Range", "Regexp", "phone_number"]


class OneOf(library.OneOf):
    """One of the given choices."""

    def _format_error(self, _value: object) -> str:
        return Sentence(_("Please choose one of these: {choices}."), choices=self.choices_text)


class Range(library.Range):
    """A number between two others, or as large as one of them."""

    def __init__(self, min: float, max: float) -> None:  # noqa: A002 - marshmallow's names, which the document reads
        super().__init__(min=min, max=max)

    def _format_error(self, _value: Any, _message: str) -> str:
        return Sentence(_("Please give a number from {least} to {most}."), least=self.min, most=self.max)


class Length(library.Length):
    """A text or a list that is not too long, or that has something in it; `error` says it in other words."""

    def _format_error(self, value: Sized, _message: str) -> str:
        if self.error is not None:
            return self.error
        if len(value) > (self.max or len(value)):
            many = _("Please use at most {most} characters.")
            return Sentence(many if isinstance(value, str) else _("Please give at most {most}."), most=self.max)
        return _("Please enter something here.")


def phone_number(text: str) -> None:
    """A number that can be called from here, however it is spaced."""
    try:
        normalise_phone(text)
    except PhoneRefused:
        raise ValidationError(_("This is not a phone number.")) from None


class Regexp(library.Regexp):
    """A pattern that the whole text has to match: `$` alone would let a final newline pass."""

    def __call__(self, value: Any) -> Any:
        if self.regex.fullmatch(value) is None:
            raise ValidationError(self.error)
        return value
