"""Sending over the SDK to a loopback FCM, beside a bare thread pool that makes the same calls and keeps nothing."""

import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from jobs.courier import ROUNDS, Courier
from jobs.delivery import drain
from models import Delivery
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.firebase import FirebaseGateway
from nachbarschaft.push import PushMessage
from nachbarschaft.sending import Outcome
from nachbarschaft.services.outgoing import Claim, Parcel, Settlement, claim_due, settle_all
from nachbarschaft.services.pushing import SENDERS, PushLine, prepare_pushes
from tests.benchmarks.bench import SEED, Bench, require
from tests.benchmarks.claiming import SENT
from tests.benchmarks.crowd import Crowd
from tests.benchmarks.draining import count_sent, owe_asks
from tests.benchmarks.figures import PUSHES, Figure
from tests.benchmarks.rounds import Pair, Sample, take_turns
from tests.support.processes import environment
from tests.support.town import NOON

SIZE, QUICK_SIZE = 600, 16
"""Pushes due in one turn; each asks somebody else."""
AS_GOOGLE, AT_ONCE = 0.05, 0.0
"""Seconds that the loopback takes to answer: as long as a service at some distance, or no longer than it must."""
MEANS = (
    f"The worker's courier: {SENDERS} senders, each push claimed, looked at once more, sent over firebase-admin to a "
    "loopback FCM (a process of its own) and settled. Baseline: as many threads that send the same messages, made "
    "before, through the same gateway, and no database. The loopback answers "
)
_ANSWERS = {"send": (AS_GOOGLE, "after 50 ms."), "send, answered at once": (AT_ONCE, "at once.")}


@dataclass(frozen=True, slots=True)
class Loopback:
    """A loopback FCM that listens."""

    url: str
    credentials: Path

    def gateway(self) -> FirebaseGateway:
        return FirebaseGateway(self.credentials, fcm_url=self.url, pool_size=SENDERS)


def send_pushes(bench: Bench) -> list[Figure]:
    return [
        figure for name in _ANSWERS for system in ("postgresql", "sqlite") for figure in _sent_on(bench, system, name)
    ]


@contextmanager
def loopback(folder: Path, delay: float) -> Iterator[Loopback]:
    """A loopback FCM as a process, so that what it costs is not the sender's."""
    command = [sys.executable, "-m", "tests.support.fcm", "--directory", str(folder / "fcm"), "--delay", str(delay)]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        try:
            said = json.loads(process.stdout.readline() if process.stdout else "")
            yield Loopback(said["fcm_url"], Path(said["credentials"]))
        finally:
            process.terminate()


def _sent_on(bench: Bench, system: str, name: str) -> list[Figure]:
    chance, (delay, answers) = Random(SEED), _ANSWERS[name]
    with bench.wired(system, NOON) as wiring, loopback(bench.folder, delay) as fcm:
        with wiring.database.engine.begin() as connection:
            place = Crowd(connection, chance, NOON).quarters(1)[0]

        def turn(send: Callable[[Wiring, Loopback], float]) -> Sample:
            owe_asks(wiring, place, chance, bench.size)
            before = count_sent(wiring)
            gc.collect()
            seconds = send(wiring, fcm)
            sent = count_sent(wiring) - before
            require(sent == bench.size, f"{sent} of {bench.size} pushes were sent")
            return {PUSHES: bench.size / seconds}

        bench.say(f"on {system}, {bench.size} pushes in a turn, answered {answers}")
        pair = Pair(lambda: turn(_by_courier), lambda: turn(_by_bare_pool))
        return take_turns(pair, bench.rounds, bench.say).figures(name, system, MEANS + answers)


def _by_courier(wiring: Wiring, fcm: Loopback) -> float:
    with closing(Courier(wiring, PushLine(fcm.gateway()))) as courier:
        begun = time.perf_counter()
        drain(courier, NOON)
        return time.perf_counter() - begun


def _by_bare_pool(wiring: Wiring, fcm: Loopback) -> float:
    with _all_messages(wiring) as messages, closing(fcm.gateway()) as gateway, ThreadPoolExecutor(SENDERS) as pool:
        begun = time.perf_counter()
        results = list(pool.map(gateway.send, messages))
        seconds = time.perf_counter() - begun
    require(all(result.outcome is Outcome.SENT for result in results), "the bare pool sent not everything")
    return seconds


@contextmanager
def _all_messages(wiring: Wiring) -> Iterator[list[PushMessage]]:
    """What is due, ready to be sent; settled in the end as if it had been."""
    parcels: list[Parcel[PushMessage]] = []
    while claims := _claimed(wiring):
        with wiring.reading() as context:
            parcels += prepare_pushes(context.session, claims, context.now)
    yield [parcel.message for parcel in parcels]
    with wiring.writing() as context:
        sent = [Settlement(parcel.claims[0], SENT) for parcel in parcels]
        settle_all(context.session, Delivery, sent, context.now)


def _claimed(wiring: Wiring) -> list[Claim]:
    with wiring.writing() as context:
        return claim_due(context.session, Delivery, context.now, ROUNDS * SENDERS)
