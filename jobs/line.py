"""What a courier knows about a channel."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from nachbarschaft.context import Context
from nachbarschaft.sending import Ending, SendResult
from nachbarschaft.services.outgoing import Claim, Parcel, Table


class Line(Protocol):
    """One channel, as its courier knows it: what is owed there, and how it leaves the house."""

    @property
    def channel(self) -> str: ...

    @property
    def table(self) -> Table: ...

    @property
    def senders(self) -> int:
        """How many attempts are made at a time."""

    def claim(self, context: Context, limit: int, due_by: datetime | None) -> list[Claim]:
        """Takes what is due by now or by `due_by`: `limit` messages at the most, which may be more rows."""

    def prepare(self, context: Context, claims: Sequence[Claim]) -> list[Parcel[Any]]:
        """Looks at all of `claims` once more, and makes what is to be sent."""

    def send(self, message: Any) -> SendResult:
        """Makes one attempt; called from several threads."""

    def has_more_to_it(self, parcel: Parcel[Any], ending: Ending) -> bool:
        """Whether something is to be done about an ending beside settling it."""

    def after(self, context: Context, parcel: Parcel[Any], ending: Ending) -> Ending:
        """What else follows from an ending, before it is settled; done twice, it does nothing the second time.

        Returns how it ends, now that this is known.
        """

    def close(self) -> None: ...
