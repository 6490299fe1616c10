"""The parameters of the simulated world: unit, range and source of each, as data."""

from dataclasses import dataclass, field, fields
from typing import Any

RESEARCH = "dispatch research, section 2"
CALIBRATED = "assumed; set so that the base run agrees with the research, section 3"
ASSUMED = "assumed; no public figure was found"


def _number(default: float, least: float, most: float, meaning: str, source: str = RESEARCH) -> Any:
    return field(default=default, metadata={"least": least, "most": most, "meaning": meaning, "source": source})


@dataclass(frozen=True, slots=True)
class World:
    """Everything that may be changed about the world. Times of the day, languages and availability are in `customs`."""

    volunteers: int = _number(120, 1, 5000, "Volunteers of a quarter (of several quarters: the median).")
    volunteers_spread: float = _number(0, 0, 2, "Spread of that between quarters: sigma of the logarithm.")
    quarter_km: float = _number(1.8, 0.2, 20, "Kilometres along one side of a quarter, which is a square.")
    requests_per_volunteer_day: float = _number(0.03, 0, 2, "Requests a day for each volunteer there is.")
    demand_spread: float = _number(0, 0, 2, "Spread of that between quarters: sigma of the logarithm.")
    urgent_share: float = _number(0.2, 0, 1, "Share of requests that are urgent: help within 2 to 4 hours.")
    relaxed_share: float = _number(0.3, 0, 1, "Share of requests that can wait for 24 to 72 hours; the rest: 6 to 24.")
    served_hours: float = _number(
        18, 0.5, 72, "Hours at its end in which what is not urgent is to be done.", CALIBRATED
    )
    minority_share: float = _number(0.24, 0, 1, "Share of requests by people of a minority language.")
    minority_only: float = _number(0.6, 0, 1, "Share of those who speak nothing else.")
    cancel_days: float = _number(10, 0.1, 1000, "Mean days until somebody who was not helped takes the request back.")
    holiday_from_day: float = _number(35, 0, 10_000, "Day on which a holiday begins.")
    holiday_days: float = _number(4, 0, 365, "Days that it lasts.")
    holiday_demand: float = _number(1.4, 0, 10, "Factor of the demand in the holiday.")
    holiday_away: float = _number(0.5, 0, 1, "Share of volunteers who are away then, and nobody knows.")
    willing_a: float = _number(1.1, 0.1, 20, "How willing somebody is at best: first number of a beta distribution.")
    willing_b: float = _number(2.2, 0.1, 20, "Its second number; the mean is a / (a + b).")
    decay_km: float = _number(1.0, 0.1, 50, "Kilometres over which willingness falls to 37 %.")
    taste_least: float = _number(0.4, 0, 1, "Factor of the kind of help that somebody likes least.", CALIBRATED)
    appeal: float = _number(1.2, 0, 3, "How attractive a request is in the mean.", CALIBRATED)
    appeal_spread: float = _number(0.3, 0, 1, "By which share of it requests differ, up and down.", CALIBRATED)
    fatigue: float = _number(0.15, 0, 5, "How much each push of the last days takes from a yes (exponent).")
    fatigue_days: float = _number(1.5, 0.1, 100, "Days after which 37 % of that are left.", CALIBRATED)
    delay_minutes: float = _number(15, 0.1, 1000, "Median minutes between a push and the yes.")
    delay_sigma: float = _number(1.1, 0, 5, "Sigma of the logarithm of that.")
    urgent_delay: float = _number(0.6, 0.01, 10, "Factor of the delay for what is urgent.")
    no_show_a: float = _number(
        1.2, 0.01, 100, "How often somebody does not turn up: first number of a beta distribution."
    )
    no_show_b: float = _number(18, 0.01, 1000, "Its second number.")
    tolerance_factor: float = _number(1, 0.01, 100, "Factor of the useless pushes a week that somebody puts up with.")
    mute_probability: float = _number(0.07, 0, 1, "Chance that one push above that mutes the app for good.", CALIBRATED)
    useless_days: float = _number(7, 0.1, 100, "Days after which 37 % of a useless push are left.")
    win_forgives: float = _number(2, 0, 20, "Useless pushes that a task makes good.")
    mute_noticed: float = _number(0.5, 0, 1, "Share of those who mute the app of whom the server learns it.")
    own_limit_share: float = _number(0.6, 0, 1, "Share of volunteers who set their own limit of asks a week.")
    own_limit_noise: float = _number(0.3, 0, 5, "How well they know themselves: sigma of the logarithm.")
    own_limit_least: int = _number(2, 0, 100, "The smallest limit that anybody sets.", CALIBRATED)
    default_limit: int = _number(4, 0, 100, "The limit of everybody else.")
    standby_share: float = _number(0.5, 0, 1, "Share of those told that it is taken who stand by.", ASSUMED)
    reach_km: float = _number(1.2, 0, 50, "Kilometres up to which policies with reach ask in adjoining quarters.")
    reach_rare_language_km: float = _number(2.5, 0, 50, "The same where only a rare language is spoken.")
    free_per_week: float = _number(0.5, 0, 50, "How often a week somebody has time and would say so.", ASSUMED)
    free_hours: float = _number(2, 0.1, 12, "Hours for which they have it.", ASSUMED)
    free_willing: float = _number(1.25, 1, 10, "Factor of a yes in that time, whether or not they said so.", ASSUMED)
    opens_per_week: float = _number(1, 0, 50, "How often a week somebody looks into the app unasked.", ASSUMED)


def world_with(values: dict[str, Any], *, quarters: int) -> World:
    """The world of one quarter, or of a city of unequal quarters (research, section 2), with what `values` change."""
    city = {"volunteers": 80, "volunteers_spread": 0.45, "demand_spread": 0.35}
    return World(**((city if quarters > 1 else {}) | values))


def ranges() -> dict[str, tuple[float, float]]:
    """Name → least and most of each parameter."""
    return {each.name: (each.metadata["least"], each.metadata["most"]) for each in fields(World)}
