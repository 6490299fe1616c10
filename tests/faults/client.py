"""An app on a bad network: one key for each wish, and the same try again until somebody answers."""

import http.client
import itertools
import time

from tests.faults.history import Call, History, Try
from tests.support.town import Neighbour, Reply, Town

PATIENCE = 40.0
"""Seconds after which an app gives up."""
PAUSE = 0.05


class Client:
    """Makes calls of all people, and writes every try down."""

    def __init__(self, town: Town, history: History) -> None:
        self._town = town
        self._history = history
        self._keys = itertools.count(1)

    def call(self, who: Neighbour, action: str, path: str, *, body: object = None, about: str | None = None) -> Call:
        """A keyed POST. It returns once it has been answered, or nobody has for `PATIENCE` seconds."""
        call = Call(who.id, action, path, body, f"key-{who.id[:8]}-{next(self._keys)}", about)
        return self._made(call, "POST", who.token)

    def put(self, who: Neighbour, action: str, path: str, body: object) -> Call:
        """A PUT, which may be repeated without a key."""
        return self._made(Call(who.id, action, path, body), "PUT", who.token)

    def strange(self, action: str, path: str, body: object) -> Call:
        """A POST by somebody without a token; no key is heeded there."""
        return self._made(Call("", action, path, body), "POST", None)

    def again(self, who: Neighbour, call: Call) -> Reply:
        """The same POST once more, long after it was answered; it is no try of the call."""
        return self._once(call, "POST", who.token)

    def _made(self, call: Call, method: str, token: str | None) -> Call:
        self._history.begin(call)
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            began = time.time()
            reply = self._tried(call, method, token)
            call.tries.append(Try(began, time.time(), reply))
            if reply is not None and not _is_in_use(reply):
                break
            time.sleep(PAUSE)
        return call

    def _tried(self, call: Call, method: str, token: str | None) -> Reply | None:
        try:
            return self._once(call, method, token)
        except (OSError, http.client.HTTPException):
            return None

    def _once(self, call: Call, method: str, token: str | None) -> Reply:
        headers = {"Idempotency_Key": call.key} if call.key else {}
        return self._town.call(method, call.path, call.body, token=token, **headers)


def _is_in_use(reply: Reply) -> bool:
    """Whether the first try still runs, as far as the database knows: the app waits a little."""
    return reply.status_code == 409 and reply.json["code"] == "idempotency_key_in_use"
