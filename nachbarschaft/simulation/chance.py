"""Draws that depend on nothing but their key: every policy meets the same answer of the same person."""

from statistics import NormalDist

_MASK = (1 << 64) - 1
_NORMAL = NormalDist()


def uniform(*key: int) -> float:
    """A number in [0, 1) from whole numbers (splitmix64, chained)."""
    state = 0
    for part in key:
        state = _mixed((state ^ part) + 0x9E3779B97F4A7C15 & _MASK)
    return (state >> 11) / (1 << 53)


def normal(*key: int) -> float:
    """A standard normal number from whole numbers."""
    return _NORMAL.inv_cdf(max(uniform(*key), 1e-12))


def _mixed(value: int) -> int:
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB & _MASK
    return value ^ (value >> 31)
