"""The numbers of the dispatch policy; defaults are the contract's (section 4) and the measured ones of the research."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """How many are asked, how far, how often. Distances in km, shares between 0 and 1.

    Whoever no push reaches is asked last: they read it in the inbox, perhaps much later.
    """

    wave: int = 2
    wave_urgent: int = 5
    asked_at_most: int = 25
    interval_share: float = 0.04
    interval_shortest_minutes: float = 10
    interval_longest_minutes: float = 60
    interval_share_of_rest: float = 0.35
    reach_km: float = 1.2
    reach_rare_language_km: float = 2.5
    urgent_extra_asks: int = 2
    tasks_at_once: int = 3
    weight_near: float = 4.0
    weight_yes: float = 3.0
    weight_rested: float = 1.0
    weight_fair: float = 0.25
    weight_reserve: float = 1.0
    weight_unreachable: float = 20.0
    near_km: float = 1.6
    rested_days: float = 4.0
    common_languages: frozenset[str] = frozenset({"de", "en"})

    def wave_size(self, *, urgent: bool) -> int:
        return self.wave_urgent if urgent else self.wave


DEFAULT_POLICY = Policy()
