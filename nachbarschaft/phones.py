"""Phone numbers in one spelling, so that the same number is found again."""

import phonenumbers


class PhoneRefused(ValueError):
    """Not a phone number that can exist."""


def normalise_phone(text: str) -> str:
    """The number as E.164; without a country code it is German. Raises PhoneRefused."""
    try:
        number = phonenumbers.parse(text, "DE")
    except phonenumbers.NumberParseException:
        raise PhoneRefused(text) from None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise PhoneRefused(text)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
