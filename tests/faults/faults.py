"""The list of faults: which named tests stage each of them, or why none can on one machine.

The numbers are those of the reliability reference, section 4.2: F13 to F21 the database, F22 to F37 Google, F45 to F50
time, F51 to F59 processes. K1 to K12, the points at which processes are killed, are in `points`. F1 to F12 are the kill
points under their old numbers, F38 to F44 the API's: tests/api and tests/processes/test_races.py.
"""

from dataclasses import dataclass

DATABASE = "tests/faults/test_database_faults.py"
GOOGLE = "tests/faults/test_fcm_faults.py"
TIME = "tests/faults/test_time_faults.py"
PROCESSES = "tests/faults/test_process_faults.py"
DRAINING = "tests/processes/test_draining.py"
UPGRADE = "tests/processes/test_upgrade.py"


@dataclass(frozen=True, slots=True)
class Fault:
    """`tests` stage it: each a whole name, or the beginning of several. Without any, `not_staged` is the reason.

    `note` says what the tests leave out, where they leave out something.
    """

    what: str
    file: str = ""
    tests: tuple[str, ...] = ()
    note: str = ""
    not_staged: str = ""


def _numbered(first: int, file: str, *whats: str) -> dict[int, Fault]:
    """Faults whose tests begin with their number."""
    return {number: Fault(what, file, (f"test_f{number}_",)) for number, what in enumerate(whats, start=first)}


FAULTS: dict[int, Fault] = {
    **_numbered(
        13,
        DATABASE,
        "PostgreSQL is killed and comes back",
        "pg_terminate_backend in mid-transaction",
        "a peer falls silent without a word (half-open TCP)",
        "the pool is exhausted",
        "lock timeout, deadlock, serialization failure",
        "the disk of the database is full",
        "the disk of the log is full",
        "the database is read-only",
        "SQLITE_BUSY with eight writers",
    ),
    **_numbered(
        22,
        GOOGLE,
        "500",
        "503",
        "503 with Retry-After of a day",
        "429 with, without, with a date and with garbage as Retry-After",
        "400 of both kinds",
        "403",
        "404",
        "401",
        "one byte a second",
        "no answer ever",
        "a connection that is accepted and closed",
        "200 with an invalid, empty, 10 MB or HTML body",
        "TLS fails",
        "DNS fails",
        "the token endpoint is down",
        "a random mix, three in ten",
    ),
    **_numbered(
        45,
        TIME,
        "the clock is set forward by an hour",
        "the clock is set back by an hour",
        "the clock is set forward by 400 days",
        "both days on which the clocks change",
        "29 February",
        "the application's clock and the database's are five minutes apart",
    ),
    **_numbered(51, PROCESSES, "two schedulers", "three workers"),
    53: Fault("SIGTERM under load", DRAINING, ("test_sigterm_under_load_drops_no_call",)),
    54: Fault(
        "SIGTERM, then SIGKILL at the limit",
        DRAINING,
        (
            "test_it_ends_within_25_seconds_whatever_it_has_in_its_hands",
            "test_what_was_answered_is_there_though_it_was_killed_while_it_stopped",
        ),
    ),
    **_numbered(55, PROCESSES, "a worker is paused past its lease and wakes up"),
    56: Fault(
        "migrations up and down while serving", UPGRADE, ("test_migrations_up_down_and_up_again_turn_nobody_away",)
    ),
    57: Fault(
        "old and new code on the new schema", UPGRADE, ("test_the_release_before_does_the_main_job_on_the_new_schema",)
    ),
    58: Fault(
        "out of memory",
        PROCESSES,
        ("test_f58_",),
        note="Where no control group can be made, the process gets by hand the signal that the kernel would send.",
    ),
    59: Fault(
        "a day-old backup is restored",
        PROCESSES,
        ("test_f59_",),
        note="People who were erased since come back, until there is a ledger of erasures to be replayed.",
    ),
}

ON_THE_LIST = frozenset({*range(13, 38), *range(45, 60)})
"""What has to be staged or excused."""
