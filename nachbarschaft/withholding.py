"""Which groups of a table are not told, so that no figure speaks of a handful and none follows from a total."""

from collections.abc import Collection, Iterable, Mapping

SMALLEST_TOLD = 5
"""Groups of fewer are withheld (contract, section 5: statistics)."""


def withheld(sizes: Mapping[str, int], known_sums: Iterable[Collection[str]] = ()) -> frozenset[str]:
    """The groups to keep to ourselves: those under five, and as few others as keep these from being worked out.

    `sizes` says how many each group counts, none of them 0. The sum of all groups counts as known, and so does that
    of each part in `known_sums`. What is withheld of a part is at least two groups, five in all, and not one each:
    else it would follow from the sum and what is told, so the smallest other group of the part is withheld as well.
    """
    hidden = {group for group, size in sizes.items() if size < SMALLEST_TOLD}
    parts = [set(sizes), *(sizes.keys() & part for part in known_sums)]
    while (another := _next(sizes, parts, hidden)) is not None:
        hidden.add(another)
    return frozenset(hidden)


def _next(sizes: Mapping[str, int], parts: Iterable[set[str]], hidden: set[str]) -> str | None:
    """The group that has to follow those that are hidden already; None where they hide each other."""
    for part in parts:
        told = part - hidden
        if told and not _hide_each_other([sizes[group] for group in part & hidden]):
            return min(told, key=lambda group: (sizes[group], group))
    return None


def _hide_each_other(sizes: Collection[int]) -> bool:
    """Whether knowing their sum leaves open what each one is, and is itself no small group's."""
    return not sizes or (len(sizes) >= 2 and sum(sizes) >= SMALLEST_TOLD and sum(sizes) > len(sizes))
