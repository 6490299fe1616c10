"""What may stand in a free text: readable signs, and in a public note no way to find somebody."""

from nachbarschaft.notes.cleaning import clean_text
from nachbarschaft.notes.emails import has_email
from nachbarschaft.notes.findings import Finding
from nachbarschaft.notes.folding import folded, plain
from nachbarschaft.notes.phones import has_phone
from nachbarschaft.notes.streets import has_street_address

__all__ = ["Finding", "clean_text", "find_contact_details"]


def find_contact_details(text: str) -> set[Finding]:
    """Return which kinds of contact details the text gives away, in any of the usual disguises.

    Meant to stop mistakes, not determined people: it reads digits of all scripts, numbers in words and
    "name (at) example (punkt) de". The time it takes grows in proportion to the length of the text.
    """
    readable = plain(text)
    flat = folded(readable)
    found = {
        Finding.PHONE: has_phone(flat),
        Finding.EMAIL: has_email(flat),
        Finding.STREET_ADDRESS: has_street_address(readable),
    }
    return {finding for finding, is_there in found.items() if is_there}
