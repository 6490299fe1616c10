"""What is withheld: every small group, nothing without need, and never so that a sum gives it away."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nachbarschaft.withholding import withheld

GROUPS = "abcdefghijkl"
tables = st.dictionaries(st.sampled_from(GROUPS), st.one_of(st.integers(1, 6), st.integers(1, 40)))
parts = st.lists(st.sets(st.sampled_from(GROUPS)), max_size=4)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({}, ""),
        ({"a": 5, "b": 9}, ""),
        ({"a": 4}, "a"),
        ({"a": 4, "b": 9, "c": 7}, "ac"),
        ({"a": 4, "b": 7, "c": 7}, "ab"),
        ({"a": 4, "b": 3, "c": 5}, "ab"),
        ({"a": 1, "b": 3, "c": 9, "d": 8}, "abd"),
        ({"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 6}, "abcdef"),
        ({"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 2, "g": 6}, "abcdef"),
    ],
    ids=[
        "nothing",
        "none is small",
        "the only one",
        "one needs another, the smallest",
        "of two alike the first by name",
        "two hide each other",
        "two that are four together need a third",
        "one each follows from the sum",
        "not one each",
    ],
)
def test_what_is_withheld(sizes: Mapping[str, int], expected: str) -> None:
    assert withheld(sizes) == set(expected)


def test_a_part_whose_sum_is_known_hides_its_own() -> None:
    sizes = {"a": 4, "b": 9, "c": 3, "d": 8}

    assert withheld(sizes) == {"a", "c"}
    assert withheld(sizes, [{"a", "b"}, {"c", "d"}]) == {"a", "b", "c", "d"}


def test_what_follows_another_does_not_stand_alone_in_a_part_of_its_own() -> None:
    sizes = {"a": 4, "b": 9, "c": 3, "d": 8, "e": 7}

    assert withheld(sizes, [{"a", "b"}, {"b", "d", "e"}]) == {"a", "b", "c", "e"}


@given(tables, parts)
def test_every_small_group_is_withheld_and_without_one_nothing_is(sizes: dict[str, int], known: list[set[str]]) -> None:
    small = {group for group, size in sizes.items() if size < 5}
    hidden = withheld(sizes, known)

    assert small <= hidden <= sizes.keys()
    assert bool(small) == bool(hidden)


@given(tables, parts)
def test_no_known_sum_gives_a_withheld_group_away(sizes: dict[str, int], known: list[set[str]]) -> None:
    """Where something of a part is told, the rest counts five or more, in two groups or more, not one each."""
    hidden = withheld(sizes, known)
    for part in [set(sizes), *known]:
        secret, told = part & hidden, part & sizes.keys() - hidden
        if secret and told:
            rest = sum(sizes[group] for group in secret)
            assert len(secret) >= 2
            assert rest >= 5
            assert rest > len(secret)


@given(tables)
def test_without_parts_at_most_one_group_follows_the_small_ones_and_it_is_the_smallest(sizes: dict[str, int]) -> None:
    others = withheld(sizes) - {group for group, size in sizes.items() if size < 5}

    assert len(others) <= 1
    for group in others:
        assert sizes[group] == min(size for size in sizes.values() if size >= 5)


@given(tables, parts)
def test_the_order_of_the_groups_makes_no_difference(sizes: dict[str, int], known: list[set[str]]) -> None:
    backwards = dict(reversed(sizes.items()))

    assert withheld(backwards, known) == withheld(sizes, known)
