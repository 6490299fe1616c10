"""A quarter's figures: counted as the plainest count does, by the quarter's own calendar, small groups withheld."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nachbarschaft.queries.periods import Period, known_sums
from nachbarschaft.withholding import withheld
from tests.api.history import GROUP_OF, HELPERS, HERNE, LANGUAGES, Archive, Asked, Help, counted
from tests.api.staff import coordinator
from tests.support.town import Neighbour, Reply, Town

PATH = "/v1/quarters/blumenthal/statistics"
FIGURES = {"requests", "filled", "done", "expired", "cancelled", "median_minutes_to_match", "hours"}
NOTHING = dict.fromkeys(FIGURES)
STILL_HELPING = Help(timedelta(minutes=4), None, "active")
FIRST, LAST = date(2026, 10, 20), date(2026, 11, 3)
"""Two weeks with the end of summer time, the end of a month and three Mondays in it."""


def read(boss: Neighbour, by: str = "category", **query: Any) -> dict[str, Any]:
    pairs = "".join(f"&{name.rstrip('_')}={value}" for name, value in query.items())
    answer = boss.get(f"{PATH}?by={by}{pairs}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def figures(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in FIGURES}


def local(day: date, hour: int, minute: int = 0, *, fold: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=HERNE, fold=fold).astimezone(UTC)


_days = st.integers(0, (LAST - FIRST).days).map(lambda passed: FIRST + timedelta(days=passed))
_edges = st.sampled_from([timedelta(), timedelta(microseconds=-1), timedelta(hours=2, minutes=30), timedelta(hours=12)])
_moments = st.builds(lambda day, beside: local(day, 0) + beside, _days, _edges)
_helps = st.builds(
    Help,
    after=st.integers(0, 10**9).map(lambda micros: timedelta(microseconds=micros * 7)),
    minutes=st.none() | st.integers(0, 200),
    state=st.sampled_from(["active", "done", "done", "withdrawn", "released", "no_show"]),
)


@st.composite
def _requests(draw: st.DrawFn) -> Asked:
    state = draw(st.sampled_from(["open", "filled", "done", "expired", "cancelled"]))
    needed = draw(st.integers(1, 3))
    helps = tuple(draw(st.lists(_helps, max_size=HELPERS)))
    return Asked(
        at=draw(_moments),
        category=draw(st.sampled_from(["shopping", "garden", "digital"])),
        channel=draw(st.sampled_from(["app", "app", "phone", "desk"])),
        language=draw(st.sampled_from(LANGUAGES)),
        state=state,
        needed=needed,
        accepted=draw(st.integers(0, needed - 1 if state == "open" else needed)),
        minutes=draw(st.none() | st.integers(0, 200)),
        was_full=bool(helps) and draw(st.booleans()),
        helps=helps,
    )


_histories = st.integers(0, 60).flatmap(lambda size: st.lists(_requests(), min_size=size, max_size=size))


@pytest.fixture
def boss(town: Town) -> Neighbour:
    town.clock.set(local(LAST, 20))
    return coordinator(town)


@pytest.fixture
def archive(boss: Neighbour) -> Archive:
    return Archive(boss.town)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=_histories, ends=st.tuples(_days, _days))
def test_the_figures_are_those_of_the_plainest_count(
    boss: Neighbour, archive: Archive, history: list[Asked], ends: tuple[date, date]
) -> None:
    archive.write(history, elsewhere=history[:7])
    first, last = min(ends), max(ends)

    for by in GROUP_OF:
        expected = counted(history, by, first, last)
        hidden = withheld({group: row["requests"] for group, row in expected.items()}, _sums(by, first, last))
        told = read(boss, by, from_=first, until=last)
        assert (told["from"], told["until"], told["by"]) == (first.isoformat(), last.isoformat(), by)
        assert {row["group"] for row in told["rows"]} == expected.keys()
        for row in told["rows"]:
            assert row["withheld"] == (row["group"] in hidden)
            assert figures(row) == (NOTHING if row["withheld"] else expected[row["group"]]), (by, row["group"])


def _sums(by: str, first: date, last: date) -> list[set[str]]:
    return known_sums(by, Period(first, last))


def test_a_group_of_four_is_withheld_and_one_of_five_is_told(boss: Neighbour, archive: Archive) -> None:
    at = local(LAST, 9)
    archive.write([Asked(at, "garden")] * 4 + [Asked(at, "pets")] * 3 + [Asked(at, "shopping")] * 5)

    rows = read(boss)["rows"]

    assert [(row["group"], row["withheld"]) for row in rows] == [
        ("shopping", False),
        ("garden", True),
        ("pets", True),
    ]
    assert rows[0]["requests"] == 5
    assert figures(rows[1]) == figures(rows[2]) == NOTHING


def test_one_small_group_takes_the_smallest_other_along_and_its_place_tells_nothing(
    boss: Neighbour, archive: Archive
) -> None:
    at = local(LAST, 9)
    kinds = [*["visit"] * 9, *["pets"] * 6, *["digital"] * 7, *["repair"] * 7, "garden"]
    archive.write([Asked(at, kind) for kind in kinds])

    rows = read(boss)["rows"]

    assert [row["group"] for row in rows] == ["visit", "digital", "repair", "garden", "pets"]
    assert [row["withheld"] for row in rows] == [False, False, False, True, True]


def test_days_hide_each_other_within_their_week_and_month(boss: Neighbour, archive: Archive) -> None:
    """Else the sums of the week and of October, which are told, would give Saturday the 31st away."""
    sizes = {date(2026, 10, 29): 6, date(2026, 10, 30): 5, date(2026, 10, 31): 2, date(2026, 11, 1): 3}
    archive.write([Asked(local(day, 8)) for day, size in sizes.items() for _ in range(size)])

    told = {row["group"]: row["requests"] for row in read(boss, "day")["rows"]}

    assert told == {"2026-10-29": 6, "2026-10-30": None, "2026-10-31": None, "2026-11-01": None}
    assert [row["requests"] for row in read(boss, "week")["rows"]] == [16]


def test_time_runs_on_and_what_has_no_request_is_left_out(boss: Neighbour, archive: Archive) -> None:
    days = [date(2026, 11, 2), date(2026, 10, 26), date(2026, 10, 12)]
    archive.write([Asked(local(day, 8)) for day in days for _ in range(5)])

    assert [row["group"] for row in read(boss, "day")["rows"]] == ["2026-10-12", "2026-10-26", "2026-11-02"]
    assert [row["group"] for row in read(boss, "week")["rows"]] == ["2026-W42", "2026-W44", "2026-W45"]
    assert [row["group"] for row in read(boss, "month")["rows"]] == ["2026-10", "2026-11"]


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ({}, "2026-10-05", "2026-11-03"),
        ({"until": "2026-01-30"}, "2026-01-01", "2026-01-30"),
        ({"from_": "2026-11-01"}, "2026-11-01", "2026-11-03"),
        ({"from_": "2026-11-03", "until": "2026-11-03"}, "2026-11-03", "2026-11-03"),
        ({"from_": "2023-11-01", "until": "2026-11-02"}, "2023-11-01", "2026-11-02"),
        ({"from_": "2030-01-01", "until": "2030-01-01"}, "2030-01-01", "2030-01-01"),
    ],
)
def test_which_days_are_meant(small_boss: Neighbour, query: dict[str, str], first: str, last: str) -> None:
    told = read(small_boss, **query)

    assert (told["from"], told["until"], told["by"], told["rows"]) == (first, last, "category", [])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-11-02&until=2026-11-01", "until"),
        ("from=2026-11-04", "until"),
        ("from=2023-11-01&until=2026-11-03", "until"),
        ("from=2020-01-01", "until"),
        ("from=0001-01-01&until=0001-01-01", "from"),
        ("until=9999-12-31", "until"),
        ("from=2026-02-30", "from"),
        ("from=20261101", "from"),
        ("from=2026-11-01T00:00:00Z", "from"),
        ("until=", "until"),
        ("by=person", "by"),
        ("by=day&by=week", "by"),
        ("total=true", "total"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_field(small_boss: Neighbour, query: str, field: str) -> None:
    refused = small_boss.get(f"{PATH}?{query}")

    assert (refused.status_code, refused.json["code"]) == (422, "invalid")
    assert field in refused.json["errors"]


@pytest.fixture
def small_boss(small_town: Town) -> Neighbour:
    small_town.clock.set(local(LAST, 20))
    return coordinator(small_town)


def test_only_the_quarters_own_coordinators_read_the_figures(small_boss: Neighbour) -> None:
    town = small_boss.town
    resident, stranger = town.volunteer(), coordinator(town, "forellquartier")
    backwards = f"{PATH}?from=2026-11-02&until=2026-11-01"

    assert resident.get(PATH).json["code"] == "forbidden"
    assert stranger.get(PATH).json["code"] == "forbidden"
    assert small_boss.get("/v1/quarters/nowhere/statistics").status_code == 404
    assert town.call("GET", PATH).status_code == 401
    assert stranger.get(backwards).status_code == 422


@pytest.mark.parametrize(
    ("by", "language", "label"),
    [
        ("category", "de", "Einkaufen"),
        ("category", "en", "Shopping"),
        ("channel", "en", "By telephone"),
        ("language", "en", "Turkish"),
        ("month", "en", "2026-11"),
    ],
)
def test_a_group_has_a_name_in_the_readers_language(small_boss: Neighbour, by: str, language: str, label: str) -> None:
    request = Asked(local(LAST, 9), channel="phone", language="tr")
    Archive(small_boss.town).write([request] * 5)

    rows = small_boss.get(f"{PATH}?by={by}", Accept_Language=language).json["rows"]

    assert [row["label"] for row in rows] == [label]


Story = Callable[["Stage"], None]


class Stage:
    """A requester, two volunteers and one request; each `wait` moves the clock."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.boss, self.requester = coordinator(town), town.neighbour()
        self.first, self.second = (town.volunteer(categories=list(STORIES)) for _ in range(2))
        self.request: dict[str, Any] = {}

    def ask(self, category: str) -> None:
        self.request = self.requester.ask(category=category, people_needed=STORIES[category][1])

    def wait(self, **how_long: float) -> None:
        self.town.clock.forward(**how_long)

    def does(self, who: Neighbour, action: str, body: Any = None) -> Reply:
        answer = who.act(self.request, action, body)
        assert answer.status_code < 300, answer.text
        return answer

    def time_runs_out(self) -> None:
        for _ in range(3):
            self.wait(hours=5)
            self.town.run("expire-requests")


def is_called_off(stage: Stage) -> None:
    stage.does(stage.requester, "cancel")


def runs_out(stage: Stage) -> None:
    stage.time_runs_out()


def is_done(stage: Stage) -> None:
    stage.wait(minutes=10)
    stage.does(stage.first, "accept")
    stage.does(stage.first, "done", {"minutes": 30})


def is_given_back_and_called_off(stage: Stage) -> None:
    stage.wait(minutes=20)
    stage.does(stage.first, "accept")
    stage.wait(minutes=20)
    stage.does(stage.first, "withdraw")
    stage.does(stage.requester, "cancel")


def goes_ahead_with_fewer(stage: Stage) -> None:
    stage.does(stage.first, "accept")
    stage.time_runs_out()
    stage.does(stage.first, "done", {"minutes": 6})


def two_help_and_one_says_how_long(stage: Stage) -> None:
    stage.wait(minutes=1)
    stage.does(stage.first, "accept")
    stage.wait(minutes=59)
    stage.does(stage.second, "accept")
    stage.does(stage.first, "done", {"minutes": 45})
    stage.does(stage.requester, "done", {"minutes": 60})


def is_done_by_mistake(stage: Stage) -> None:
    stage.wait(seconds=30)
    stage.does(stage.first, "accept")
    stage.does(stage.first, "done", {"minutes": 500})
    stage.does(stage.first, "undo")
    stage.does(stage.first, "withdraw")
    stage.does(stage.requester, "cancel")


STORIES: dict[str, tuple[Story, int, dict[str, Any]]] = {
    "shopping": (is_called_off, 1, {"cancelled": 5}),
    "errand": (runs_out, 1, {"expired": 5}),
    "garden": (is_done, 1, {"filled": 5, "done": 5, "median_minutes_to_match": 10.0, "hours": 2.5}),
    "pets": (is_given_back_and_called_off, 1, {"filled": 5, "cancelled": 5, "median_minutes_to_match": 20.0}),
    "visit": (goes_ahead_with_fewer, 2, {"done": 5, "median_minutes_to_match": 0.0, "hours": 0.5}),
    "digital": (
        two_help_and_one_says_how_long,
        2,
        {"filled": 5, "done": 5, "median_minutes_to_match": 1.0, "hours": 8.8},
    ),
    "repair": (is_done_by_mistake, 1, {"filled": 5, "cancelled": 5, "median_minutes_to_match": 0.5}),
}
"""What happens to a request of that category, how many it needs, and what five of them come to."""


def test_what_people_do_is_counted_as_what_it_is(town: Town) -> None:
    stage = Stage(town)
    for category, (story, _needed, _figures) in STORIES.items():
        for _ in range(5):
            stage.ask(category)
            story(stage)

    found = {row["group"]: figures(row) for row in read(stage.boss)["rows"]}

    blank: dict[str, Any] = {"requests": 5, "filled": 0, "done": 0, "expired": 0, "cancelled": 0}
    blank |= {"median_minutes_to_match": None, "hours": 0.0}
    assert found == {category: blank | expected for category, (_story, _needed, expected) in STORIES.items()}


def test_a_helper_who_still_helps_has_taken_no_hours_yet(small_boss: Neighbour) -> None:
    history = [Asked(local(LAST, 9), state="filled", accepted=1, minutes=60, helps=(STILL_HELPING,))] * 5
    Archive(small_boss.town).write(history)

    (row,) = read(small_boss)["rows"]

    assert (row["filled"], row["done"], row["hours"], row["median_minutes_to_match"]) == (5, 0, 0.0, 4.0)
