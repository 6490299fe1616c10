"""Nobody's data leaves the house by a push, and none stands in a log."""

from collections.abc import Iterator
from itertools import chain

from tests.faults.evidence import Evidence, Finding, Kind
from tests.support.town import PASSWORD


def pushes_name_nobody(evidence: Evidence) -> Iterator[Finding]:
    """A message holds its address, and nothing else about anybody."""
    secrets = _about_people(evidence)
    for post in evidence.posts:
        said = str({name: value for name, value in post.message.items() if name not in {"token", "fid"}})
        for what, secret in secrets:
            if secret in said:
                yield Finding(Kind.LEAKED, f"a push holds {what}")


def logs_name_nobody(evidence: Evidence) -> Iterator[Finding]:
    """What the processes wrote holds no name, no place, no address of a phone, no password and no token."""
    addresses = (("a phone's address", one.text) for told in evidence.history.addresses.values() for one in told)
    tokens = (("a token", token) for token in _tokens(evidence))
    secrets = [*chain(_about_people(evidence), addresses, tokens), ("a password", PASSWORD)]
    for name, text in evidence.logs.items():
        for what in sorted({what for what, secret in secrets if secret in text}):
            yield Finding(Kind.LEAKED, f"the log {name} holds {what}")


def _about_people(evidence: Evidence) -> list[tuple[str, str]]:
    rows = evidence.rows
    found = [("an e-mail address", person.email) for person in rows.people if person.email]
    found += [("a name", person.name) for person in rows.people]
    found += [("a place", request.place_address) for request in rows.requests if request.place_address]
    found += [("a code word", request.code_word) for request in rows.requests if len(request.code_word) > 8]
    return sorted(set(found))


def _tokens(evidence: Evidence) -> Iterator[str]:
    for call in evidence.history.succeeded("sign_up"):
        if call.reply is not None:
            yield from (call.reply.json["session"][name] for name in ("access_token", "refresh_token"))
