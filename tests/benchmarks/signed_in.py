"""Access tokens for many at once: a session each, without the passwords, whose hashes are slow on purpose."""

import uuid
from collections.abc import Sequence

from api.app import create_app
from api.identity import session_answer
from models import Person
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.services.sessions import begin_session
from tests.benchmarks.crowd import Row


def access_tokens(wiring: Wiring, people: Sequence[Row]) -> list[str]:
    """One for each of `people`, good for a quarter of an hour."""
    app = create_app(wiring)
    with wiring.writing() as context:
        grants = [begin_session(context, context.session.get_one(Person, _key(person))) for person in people]
    with app.app_context():
        return [str(session_answer(app, grant)["access_token"]) for grant in grants]


def _key(person: Row) -> uuid.UUID:
    key: uuid.UUID = person["id"]
    return key
