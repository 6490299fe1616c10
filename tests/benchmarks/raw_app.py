"""The floor of the API: the same answers from Flask and psycopg alone, without identity, rules, schema or ORM."""

import threading
import uuid
from datetime import UTC, datetime
from typing import Any

import h3
import psycopg
from flask import Flask, Response, jsonify
from psycopg.rows import dict_row

from tests.benchmarks.guarded import PLACE_AND_TASK

_OPEN_REQUESTS = """
    SELECT r.id, q.slug AS quarter, r.category, r.public_note, r.state, r.urgent, r.needed_from, r.needed_until,
           r.expires_at, r.people_needed, r.people_accepted, r.languages, r.cell, r.created_at, r.version
    FROM help_request r JOIN quarter q ON q.id = r.quarter_id
    WHERE r.quarter_id = %(quarter)s AND r.state = 'open'
    ORDER BY r.created_at DESC, r.id DESC LIMIT 20
"""
_INSTANTS = ("needed_from", "needed_until", "expires_at", "created_at")


class _Connections(threading.local):
    """One connection for each thread, kept open: the least that a pool could cost."""

    def __init__(self, url: str) -> None:
        options = "-c timezone=UTC"
        self.mine = psycopg.connect(url, autocommit=True, row_factory=dict_row, options=options)


def create_raw_app(url: str) -> Flask:
    app = Flask("raw")
    connections = _Connections(url)

    @app.get("/requests/<uuid:quarter>")
    def get_requests(quarter: uuid.UUID) -> Response:
        rows = connections.mine.execute(_OPEN_REQUESTS, {"quarter": quarter}).fetchall()
        return jsonify({"items": [_item(row) for row in rows], "next": None})

    @app.post("/requests/<uuid:request>/accept/<uuid:person>")
    def accept(request: uuid.UUID, person: uuid.UUID) -> tuple[Response, int]:
        values = {"key": uuid.uuid4(), "request": request, "person": person, "now": datetime.now(UTC)}
        row = connections.mine.execute(PLACE_AND_TASK, values).fetchone()
        return (jsonify({"error": "not open"}), 409) if row is None else (jsonify(row), 201)

    return app


def _item(row: dict[str, Any]) -> dict[str, Any]:
    lat, lon = h3.cell_to_latlng(row["cell"])
    row["area"] = {"cell": row.pop("cell"), "lat": round(lat, 6), "lon": round(lon, 6), "coarse": False}
    for name in _INSTANTS:
        row[name] = row[name].isoformat().replace("+00:00", "Z")
    return row
