"""Every column is in the data map, with a purpose and a period, and the map holds no column that has gone."""

from models import Base
from models.data_map import DATA_MAP, Personal

FREE_TEXT = {
    ("help_request", "public_note"),
    ("help_request", "private_note"),
    ("assignment", "end_reason"),
    ("contact_view", "reason"),
}
ADDRESSES = {"email", "phone", "address"}


def in_models() -> set[tuple[str, str]]:
    return {(table.name, column.name) for table in Base.metadata.sorted_tables for column in table.columns}


def in_map() -> set[tuple[str, str]]:
    return {(table, column) for table, columns in DATA_MAP.items() for column in columns}


def test_every_column_is_classified() -> None:
    assert sorted(in_models() - in_map()) == [], "say in models/data_map.py what these are for"


def test_no_entry_outlives_its_column() -> None:
    assert sorted(in_map() - in_models()) == []


def test_every_entry_says_what_for_and_how_long() -> None:
    silent = [
        (table, column)
        for table, columns in DATA_MAP.items()
        for column, use in columns.items()
        if len(use.purpose.split()) < 2 or len(use.retention.split()) < 2
    ]
    assert silent == []


def test_a_key_of_a_person_is_an_identifier() -> None:
    pointing = {
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(key.column.table.name == "person" for key in column.foreign_keys)
    }

    wrong = {pair for pair in pointing if DATA_MAP[pair[0]][pair[1]].personal != Personal.IDENTIFIER}

    assert len(pointing) > 10
    assert wrong == set()


def test_texts_places_and_addresses_are_classified_as_what_they_are() -> None:
    for table, columns in DATA_MAP.items():
        for column, use in columns.items():
            if (table, column) in FREE_TEXT:
                assert use.personal == Personal.CONTENT, (table, column)
            if column in ADDRESSES:
                assert use.personal == Personal.CONTACT, (table, column)
            if column.startswith(("home_", "place_")):
                assert use.personal == Personal.LOCATION, (table, column)


def test_what_is_said_in_words_about_a_request_goes_before_the_request_does() -> None:
    request = DATA_MAP["help_request"]
    loud = {Personal.CONTENT, Personal.CONTACT}
    exact = {"place_lat", "place_lon", "place_address", "code_word"}

    early = {column for column, use in request.items() if use.retention != request["state"].retention}

    assert early == {column for column, use in request.items() if use.personal in loud} | exact
