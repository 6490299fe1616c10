"""Quarters in the database: imported as cities publish them, safe to repeat, and found by place exactly."""

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from sqlalchemy import select

from models import Quarter, QuarterCell, QuarterNeighbour
from nachbarschaft.geography.cells import cells_covering
from nachbarschaft.geography.geojson import parse_quarters
from nachbarschaft.geography.neighbours import neighbour_pairs
from nachbarschaft.geography.outlines import Locator, bounding_box, center_of, covers
from nachbarschaft.services.quarters import ImportResult, import_quarters
from tests.nachbarschaft.geography.cities import BLOCK, SOUTH, WEST, generated_city
from tests.nachbarschaft.geography.files import collection, feature
from tests.support.databases import Databases
from tests.support.town import Town

HERNE = (files("nachbarschaft.demo") / "herne.geojson").read_text(encoding="utf-8")
IN_HERNE = {"blumenthal", "forellquartier", "funkenbergquartier"}


def bring_in(town: Town, text: str, *, city: str | None = None, timezone: str = "Europe/Berlin") -> ImportResult:
    with town.wiring.writing() as context:
        return import_quarters(context, parse_quarters(text), city=city, timezone=timezone)


def block(west: float, *, name: str, south: float = 51.50, **more: Any) -> dict[str, Any]:
    """A square quarter of 0.01 degrees."""
    east, north = west + 0.01, south + 0.01
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return feature([ring], name=name, **more)


def neighbours(town: Town) -> set[tuple[str, str]]:
    with town.wiring.reading() as context:
        slugs = {quarter.id: quarter.slug for quarter in context.session.scalars(select(Quarter))}
        pairs = context.session.scalars(select(QuarterNeighbour)).all()
        return {(slugs[pair.quarter_id], slugs[pair.neighbour_id]) for pair in pairs}


def cells(town: Town, slug: str) -> list[str]:
    query = select(QuarterCell.cell).join(Quarter, Quarter.id == QuarterCell.quarter_id).where(Quarter.slug == slug)
    with town.wiring.reading() as context:
        return sorted(context.session.scalars(query))


def located(town: Town, lat: float, lon: float) -> str | None:
    answer = town.call("GET", f"/v1/quarters/locate?lat={lat:.9f}&lon={lon:.9f}")
    if answer.status_code == 404:
        assert answer.json["code"] == "outside_all_quarters"
        return None
    return str(answer.json["slug"])


# --- Importing ----------------------------------------------------------------------------------------------


def test_herne_is_there_with_its_city_and_clocks_and_importing_it_again_changes_nothing(town: Town) -> None:
    found = {quarter["slug"]: quarter for quarter in town.call("GET", "/v1/quarters").json["items"]}
    assert found.keys() == IN_HERNE
    assert {(quarter["city"], quarter["timezone"]) for quarter in found.values()} == {("Herne", "Europe/Berlin")}
    again = bring_in(town, HERNE, city="Herne")
    assert (again.added, again.updated, sorted(again.unchanged)) == ((), (), sorted(IN_HERNE))
    assert neighbours(town) == {("forellquartier", "funkenbergquartier"), ("funkenbergquartier", "forellquartier")}


def test_a_city_of_many_quarters_comes_in_whole_and_a_second_time_changes_nothing(town: Town) -> None:
    text = generated_city()
    outlines = {quarter.slug: quarter.outline for quarter in parse_quarters(text)}
    first = bring_in(town, text, city="Blockstadt")
    assert (set(first.added), first.updated, first.unchanged) == (set(outlines), (), ())
    before = {slug: cells(town, slug) for slug in outlines}
    assert before == {slug: cells_covering(outline) for slug, outline in outlines.items()}
    pairs = neighbour_pairs(outlines)
    both_ways = pairs | {(b, a) for a, b in pairs}
    assert {pair for pair in neighbours(town) if not set(pair) & IN_HERNE} == both_ways
    assert first.neighbours == len(pairs) + 1

    second = bring_in(town, text, city="Blockstadt")
    assert (second.added, second.updated, set(second.unchanged)) == ((), (), set(outlines))
    assert {slug: cells(town, slug) for slug in outlines} == before
    assert second.neighbours == first.neighbours


def test_a_changed_outline_is_an_update_with_new_cells_neighbours_centre_and_box(town: Town) -> None:
    west, east, moved = block(8.00, name="West"), block(8.01, name="Ost"), block(8.03, name="Ost")
    assert bring_in(town, collection(west, east)).neighbours == 2
    old = cells(town, "ost")
    town.clock.forward(minutes=1)
    result = bring_in(town, collection(west, moved))
    assert (result.added, result.updated, result.unchanged) == ((), ("ost",), ("west",))
    assert result.neighbours == 1
    assert not {pair for pair in neighbours(town) if "ost" in pair}
    assert not set(cells(town, "ost")) & set(old)
    with town.wiring.reading() as context:
        quarter = context.session.scalars(select(Quarter).where(Quarter.slug == "ost")).one()
        assert (quarter.center_lat, quarter.center_lon) == pytest.approx((51.505, 8.035))
        box = bounding_box(quarter.outline)
        assert (quarter.south, quarter.west, quarter.north, quarter.east) == (box.south, box.west, box.north, box.east)
        assert quarter.created_at < quarter.updated_at == town.clock.now()
    assert located(town, 51.505, 8.015) is None
    assert located(town, 51.505, 8.035) == "ost"


def test_quarters_that_a_file_does_not_name_stay_as_they_are(small_town: Town) -> None:
    bring_in(small_town, collection(block(8.0, name="West")))
    assert {quarter["slug"] for quarter in small_town.call("GET", "/v1/quarters").json["items"]} == IN_HERNE | {"west"}


def test_a_new_name_or_other_clocks_are_an_update_too(small_town: Town) -> None:
    bring_in(small_town, collection(block(8.0, name="West", slug="west")))
    renamed = collection(block(8.0, name="Westend", slug="west"))
    assert bring_in(small_town, renamed).updated == ("west",)
    assert bring_in(small_town, renamed, timezone="Europe/London").updated == ("west",)
    assert bring_in(small_town, renamed, timezone="Europe/London").unchanged == ("west",)
    quarter = small_town.call("GET", "/v1/quarters/west").json
    assert (quarter["name"], quarter["timezone"]) == ("Westend", "Europe/London")


def test_a_quarter_that_names_its_own_clocks_keeps_them(small_town: Town) -> None:
    bring_in(small_town, collection(block(8.0, name="Insel", timezone="Atlantic/Azores")))
    assert small_town.call("GET", "/v1/quarters/insel").json["timezone"] == "Atlantic/Azores"


def test_people_stay_in_a_quarter_whose_outline_changes(small_town: Town) -> None:
    bring_in(small_town, collection(block(8.0, name="West")))
    resident = small_town.neighbour(quarter="west")
    bring_in(small_town, collection(block(8.1, name="West")))
    assert resident.get("/v1/me").json["quarter"] == "west"


# --- Finding ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built_town(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town with the generated city in it, for questions only."""
    with databases.fresh("sqlite") as url, Town(url, tmp_path_factory.mktemp("built")) as town:
        bring_in(town, generated_city())
        yield town


def test_locating_over_http_agrees_with_the_geography(built_town: Town) -> None:
    outlines = {q.slug: q.outline for q in parse_quarters(generated_city()) + parse_quarters(HERNE)}
    locator = Locator(outlines)
    steps = [step / 7 - 0.3 for step in range(34)]
    places = [(SOUTH + up * BLOCK, WEST + across * BLOCK) for up in steps for across in steps[::3]]
    answers = {(lat, lon): located(built_town, lat, lon) for lat, lon in places}
    assert answers == {(lat, lon): locator.locate(round(lat, 9), round(lon, 9)) for lat, lon in places}
    assert len({slug for slug in answers.values() if slug}) >= 16
    assert None in answers.values()


def test_a_place_in_a_hole_lies_outside_and_one_on_an_exclave_inside(built_town: Town) -> None:
    hole = (SOUTH + 2.5 * BLOCK, WEST + 2.5 * BLOCK)
    assert located(built_town, *hole) is None
    assert located(built_town, SOUTH - BLOCK, WEST + 2 * BLOCK) == "block-mit-insel"
    assert located(built_town, SOUTH + BLOCK / 2, WEST + BLOCK / 2) == "teich"


def test_on_a_shared_border_it_is_always_the_quarter_with_the_smaller_slug(small_town: Town) -> None:
    bring_in(small_town, collection(block(8.00, name="B"), block(8.01, name="A")))
    assert located(small_town, 51.505, 8.01) == "a"


@pytest.mark.parametrize("query", ["", "?lat=51.5", "?lat=51.5&lon=abc", "?lat=91&lon=7", "?lat=51.5&lon=7&x=1"])
def test_locating_refuses_what_is_no_place(built_town: Town, query: str) -> None:
    assert built_town.call("GET", f"/v1/quarters/locate{query}").status_code == 422


def test_every_centre_lies_inside_its_quarter(built_town: Town) -> None:
    outlines = {q.slug: q.outline for q in parse_quarters(generated_city()) + parse_quarters(HERNE)}
    quarters = built_town.call("GET", "/v1/quarters?limit=100").json["items"]
    assert {quarter["slug"] for quarter in quarters} == outlines.keys()
    for quarter in quarters:
        center = quarter["center"]
        assert covers(outlines[quarter["slug"]], center["lat"], center["lon"])
        assert (center["lat"], center["lon"]) == (
            pytest.approx(center_of(outlines[quarter["slug"]]).lat),
            pytest.approx(center_of(outlines[quarter["slug"]]).lon),
        )
        assert located(built_town, center["lat"], center["lon"]) == quarter["slug"]


# --- GeoJSON ------------------------------------------------------------------------------------------------


def test_outlines_come_as_geojson_to_whoever_accepts_it_and_read_back_unchanged(built_town: Town) -> None:
    answer = built_town.call("GET", "/v1/quarters?limit=100", Accept="application/geo+json")
    assert answer.headers["Content-Type"].startswith("application/geo+json")
    given = {quarter.slug: quarter.outline for quarter in parse_quarters(json.dumps(answer.json))}
    asked = {q.slug: q.outline for q in parse_quarters(generated_city()) + parse_quarters(HERNE)}
    assert given == asked


def test_one_quarter_is_a_feature_and_json_stays_the_default(built_town: Town) -> None:
    for path in ("/v1/quarters/blumenthal", "/v1/quarters/locate?lat=51.53&lon=7.156"):
        plain = built_town.call("GET", path)
        assert plain.headers["Content-Type"] == "application/json"
        assert plain.json.keys() == {"slug", "name", "city", "timezone", "center"}
        shaped = built_town.call("GET", path, Accept="application/geo+json").json
        assert (shaped["type"], shaped["geometry"]["type"]) == ("Feature", "MultiPolygon")
        assert shaped["properties"] == plain.json
        either = built_town.call("GET", path, Accept="application/geo+json;q=0.5, application/json")
        assert either.headers["Content-Type"] == "application/json"


def test_an_unknown_quarter_is_not_found(built_town: Town) -> None:
    assert built_town.call("GET", "/v1/quarters/nirgendwo").json["code"] == "not_found"
