"""One sender with the real SDK, one person with four phones, and a Google that treats one of the phones badly."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from structlog.testing import capture_logs

from jobs.courier import Courier
from jobs.delivery import drain
from jobs.job import Counts
from models.lifecycle import DeliveryState
from nachbarschaft.firebase import FirebaseGateway
from nachbarschaft.services.outbox import owe
from nachbarschaft.services.pushing import PushLine
from tests.nachbarschaft.owed import Owed, owed
from tests.support.fcm import Answer, LoopbackFcm
from tests.support.town import Neighbour, Town

PATIENCE_WITH_GOOGLE = 1.0
"""Seconds for one answer; the product's ten would make slow tests of slow answers."""
SHORTEST, LONGEST = timedelta(seconds=10), timedelta(seconds=15)
"""Between these lies the first pause after a failure, by chance."""


@dataclass
class Office:
    """The first phone is the one that Google treats badly; `logs` is all that was said meanwhile."""

    town: Town
    fcm: LoopbackFcm
    folder: Path
    courier: Courier
    person: Neighbour
    phones: list[str]
    logs: str = ""

    @property
    def unlucky(self) -> str:
        return self.phones[0]

    def owe(self) -> None:
        """One push for each phone."""
        with self.town.wiring.writing() as context:
            owe(context, self.person.uuid, "accepted")

    def deliver(self) -> Counts:
        """Sends all that is due."""
        with capture_logs() as logs:
            done = drain(self.courier, self.town.clock.now())
        self.logs += str(logs)
        return done

    def meets(self, *answers: Answer) -> Owed:
        """Lets the unlucky phone's pushes meet these answers; the others' go out. Returns the unlucky row."""
        self.fcm.behave(self.unlucky, *answers)
        self.owe()
        self.deliver()
        return self.the_others_went_out()

    def the_others_went_out(self) -> Owed:
        """Each with one POST, and nothing in the log names a phone. Returns the row that is left."""
        rows = owed(self.town)
        for phone in self.phones[1:]:
            assert [row.state for row in rows if row.address == phone] == [DeliveryState.SENT]
            assert len(self.fcm.posts_to(phone)) == 1
        self.require_no_address_in_the_log()
        [row] = [row for row in rows if row.address not in self.phones[1:]]
        return row

    def require_no_address_in_the_log(self) -> None:
        assert not [phone for phone in self.phones if phone in self.logs]

    def recovers(self, row: Owed, *, posts: int = 2) -> None:
        """Google answers again: at its time, and not before, the push goes out; so many POSTs were made in all."""
        self.fcm.behave(self.unlucky)
        self.town.clock.set(row.due_at - timedelta(seconds=1))
        assert self.deliver() == {}
        self.town.clock.set(row.due_at)
        assert self.deliver() == {"sent": 1}
        assert {one.state for one in owed(self.town)} == {DeliveryState.SENT}
        assert len(self.fcm.posts_to(self.unlucky)) == posts
        assert self.deliver() == {}
        self.require_no_address_in_the_log()

    def waits_for_its_turn(self, row: Owed, outcome: str) -> None:
        """Whether it is tried again after the shortest pause, for that reason."""
        assert (row.state, row.outcome, row.attempt) == (DeliveryState.PENDING, outcome, 1)
        assert SHORTEST <= row.due_at - self.town.clock.now() <= LONGEST

    def reach_google_at(self, url: str) -> None:
        """The sender is started anew, with another address to send to."""
        self.courier.close()
        self.courier = sender(self.town, self.fcm, self.folder, url)


@contextmanager
def opened(town: Town, folder: Path) -> Iterator[Office]:
    with LoopbackFcm() as fcm:
        person = town.neighbour()
        phones = [person.register_phone() for _ in range(4)]
        office = Office(town, fcm, folder, sender(town, fcm, folder, fcm.url), person, phones)
        yield office
        office.courier.close()


def sender(town: Town, fcm: LoopbackFcm, folder: Path, url: str) -> Courier:
    """The product's sender of pushes, which signs in at the loopback and posts to `url`."""
    credentials = fcm.credentials_file(folder)
    gateway = FirebaseGateway(
        credentials, fcm_url=url, pool_size=PushLine.senders, timeout_seconds=PATIENCE_WITH_GOOGLE
    )
    return Courier(town.wiring, PushLine(gateway))
