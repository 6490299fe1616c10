"""How an example begins: with nothing, or with what would take many steps to come about."""

from collections.abc import Callable
from datetime import timedelta

from tests.machine.attempts import Attempt
from tests.machine.choices import wishes
from tests.machine.play import Play

Opening = Callable[[Play], None]


def nothing(_play: Play) -> None:
    """Nobody has asked yet."""


def two_help(play: Play) -> None:
    """Two were needed and two help, until in nine hours."""
    play.attempt(wishes(play.world, "rosa", hours=9, urgent=False, people=2))
    for who in ("viola", "vera"):
        play.attempt(Attempt("accept", who, play.world.wishes[0]))


def half_done(play: Play) -> None:
    """Of two who helped one has finished a moment ago."""
    two_help(play)
    play.attempt(Attempt("done", "viola", play.world.wishes[0]))


def half_done_ten_minutes_ago(play: Play) -> None:
    """In a few seconds it will be too late to take that back."""
    half_done(play)
    play.wait(play.world.now + timedelta(minutes=9, seconds=57))


def half_done_too_long_ago(play: Play) -> None:
    """It is too late by a second to take that back."""
    half_done(play)
    play.wait(play.world.now + timedelta(minutes=10))


def half_done_a_day_ago(play: Play) -> None:
    """In a few seconds the contact will be out of reach for the one who has finished."""
    half_done(play)
    play.wait(play.world.now + timedelta(hours=23, minutes=59, seconds=57))


def half_done_and_late(play: Play) -> None:
    """Of two who helped one has finished, and the time is over."""
    half_done(play)
    play.wait(play.world.now + timedelta(hours=10))


def five_open(play: Play) -> None:
    """Somebody has asked for as much as is allowed."""
    for _ in range(5):
        play.attempt(wishes(play.world, "rosa", hours=30, urgent=False, people=2))


def five_with_one_over(play: Play) -> None:
    """One of six was called off a moment ago, and another one was asked for at once."""
    five_open(play)
    play.attempt(Attempt("cancel", "rosa", play.world.wishes[0]))
    play.attempt(wishes(play.world, "rosa", hours=30, urgent=False, people=1))


def much_to_do(play: Play) -> None:
    """A volunteer has finished one of four tasks a moment ago, and taken on the others."""
    five_open(play)
    for wish in play.world.wishes[:3]:
        play.attempt(Attempt("accept", "viola", wish))
    play.attempt(Attempt("done", "viola", play.world.wishes[0]))
    play.attempt(Attempt("accept", "viola", play.world.wishes[3]))


def called_off_and_busy(play: Play) -> None:
    """A request with a helper was called off a moment ago, and the helper has taken on three others."""
    five_open(play)
    play.attempt(Attempt("accept", "viola", play.world.wishes[0]))
    play.attempt(Attempt("cancel", "rosa", play.world.wishes[0]))
    for wish in play.world.wishes[1:4]:
        play.attempt(Attempt("accept", "viola", wish))


def two_help_late(play: Play) -> None:
    """Two help, and the time is over."""
    two_help(play)
    play.wait(play.world.now + timedelta(hours=10))


def one_of_three_done(play: Play) -> None:
    """Of two who help, where three are needed, one has finished."""
    play.attempt(wishes(play.world, "rosa", hours=30, urgent=False, people=3))
    for who in ("viola", "victor"):
        play.attempt(Attempt("accept", who, play.world.wishes[0]))
    play.attempt(Attempt("done", "victor", play.world.wishes[0]))


def run_out(play: Play) -> None:
    """Nobody said yes in two hours: it was warned of, and has expired."""
    play.attempt(wishes(play.world, "rosa", hours=2, urgent=True, people=1))
    play.wait(play.world.wishes[0].warn_at)
    play.expire_requests()
    play.wait(play.world.wishes[0].expires_at)
    play.expire_requests()


def run_out_and_five_open(play: Play) -> None:
    """One has expired, and as many as are allowed are open."""
    run_out(play)
    five_open(play)


def given_back_late(play: Play) -> None:
    """The only helper has given it back when the time was over."""
    play.attempt(wishes(play.world, "rosa", hours=2, urgent=True, people=1))
    play.attempt(Attempt("accept", "viola", play.world.wishes[0]))
    play.wait(play.world.wishes[0].needed_until)
    play.attempt(Attempt("withdraw", "viola", play.world.wishes[0]))


def with_a_protected_address(play: Play) -> None:
    """Somebody helps whose contact only the coordinator gives."""
    play.attempt(wishes(play.world, "rita", hours=30, urgent=False, people=1))
    play.attempt(Attempt("accept", "viola", play.world.wishes[0]))


def one_stands_by(play: Play) -> None:
    """One helps, and another one would step in."""
    play.attempt(wishes(play.world, "rosa", hours=30, urgent=True, people=1))
    play.attempt(Attempt("standby", "vera", play.world.wishes[0]))
    play.attempt(Attempt("accept", "viola", play.world.wishes[0]))


def forgotten(play: Play) -> None:
    """Of five who helped one has never said how it ended, and both sides were asked: in a few seconds it is done."""
    play.attempt(wishes(play.world, "rosa", hours=9, urgent=False, people=5))
    wish = play.world.wishes[0]
    for who in ("viola", "vera", "victor", "veit", "nora"):
        play.attempt(Attempt("accept", who, wish))
    play.wait(wish.needed_until)
    play.attempt(Attempt("withdraw", "vera", wish))
    play.attempt(Attempt("release", "rosa", wish, person="victor"))
    play.attempt(Attempt("release", "rosa", wish, person="veit", no_show=True))
    play.attempt(Attempt("done", "nora", wish))
    play.wait(wish.forgotten_at)
    play.close_forgotten()
    play.wait(wish.forgotten_at - timedelta(seconds=3))


def soon_forgotten(play: Play) -> None:
    """Two helped, and in a few seconds both sides are to be asked how it ended."""
    two_help(play)
    play.wait(play.world.wishes[0].forgotten_at - timedelta(seconds=3))


def an_evening(play: Play) -> None:
    """It is a quarter to ten in the evening."""
    play.wait(play.world.now + timedelta(hours=9, minutes=45))


# An odd number, because every second example begins with what is rare, and each of these is to be seen by it.
OPENINGS: tuple[Opening, ...] = (
    nothing,
    half_done,
    half_done_and_late,
    half_done_ten_minutes_ago,
    half_done_a_day_ago,
    one_of_three_done,
    run_out,
    run_out_and_five_open,
    given_back_late,
    two_help_late,
    five_open,
    five_with_one_over,
    much_to_do,
    called_off_and_busy,
    an_evening,
    half_done_and_late,
    half_done_too_long_ago,
    forgotten,
    soon_forgotten,
    with_a_protected_address,
    one_stands_by,
)
