"""What a public note must not give away."""

from enum import StrEnum


class Finding(StrEnum):
    """A kind of contact detail."""

    PHONE = "phone"
    EMAIL = "email"
    STREET_ADDRESS = "street_address"
