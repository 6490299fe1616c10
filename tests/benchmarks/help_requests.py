"""Requests in bulk, open or over, as the use cases would have written them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from models import HelpRequest
from nachbarschaft.categories import CATEGORIES
from nachbarschaft.geography.cells import cell_of
from tests.benchmarks.crowd import Crowd, Row

NOTE = "Zwei Tüten vom Supermarkt, bitte bis zum Abend, und gern ein kurzer Plausch an der Tür."


def post_requests(crowd: Crowd, requesters: Sequence[Row], **same: Any) -> list[Row]:
    """One request of each of them, a second younger than the one before; `same` is what all have in common."""
    rows = [_request(crowd, requester, number) | same for number, requester in enumerate(requesters)]
    crowd.write(HelpRequest, rows)
    return rows


def over(crowd: Crowd) -> Row:
    """What a request has that was done some time ago."""
    return {"state": "done", "people_accepted": 1, "closed_at": crowd.now - timedelta(days=1)}


def stale(crowd: Crowd) -> Row:
    """What a request has that was warned in time and has run out five minutes ago."""
    ended = crowd.now - timedelta(minutes=5)
    return {
        "needed_from": ended - timedelta(hours=6),
        "needed_until": ended,
        "expires_at": ended,
        "warn_at": ended - timedelta(hours=2),
        "warned_at": ended - timedelta(hours=2),
    }


def _request(crowd: Crowd, requester: Row, number: int) -> Row:
    """Needed tomorrow, from 10:00 to 14:00 in Herne where it is noon now."""
    created = crowd.now - timedelta(days=2) + timedelta(seconds=number)
    needed_from = crowd.now + timedelta(hours=22)
    return {
        "id": crowd.key(),
        "requester_id": requester["id"],
        "quarter_id": requester["quarter_id"],
        "category": crowd.chance.choice(list(CATEGORIES)),
        "public_note": f"{NOTE} ({number})",
        "private_note": "Bitte zweimal klingeln",
        "needed_from": needed_from,
        "needed_until": needed_from + timedelta(hours=4),
        "urgent": number % 5 == 0,
        "people_needed": 1,
        "people_accepted": 0,
        "languages": ["de"],
        "place_lat": requester["home_lat"],
        "place_lon": requester["home_lon"],
        "place_address": "Wilhelmstraße 5, 44649 Herne",
        "cell": cell_of(requester["home_lat"], requester["home_lon"]),
        "code_word": "Apfel Birne",
        "state": "open",
        "confirmed_at": created,
        "expires_at": needed_from + timedelta(hours=4),
        "warn_at": needed_from,
        "warned_at": None,
        "closed_at": None,
        "created_at": created,
    }
