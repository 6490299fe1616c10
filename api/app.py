"""The Flask application: a list of what belongs to it, and no logic."""

from flask import Flask, Response
from werkzeug.routing import BaseConverter, Map

from api.identity import set_up_tokens
from api.limits import set_up_limits
from api.metrics import count_requests
from api.problems import MAX_BODY, register_problems
from api.routes.account import account
from api.routes.auth import auth
from api.routes.confirming import confirming
from api.routes.coordination import coordination
from api.routes.mail import mail
from api.routes.me import me
from api.routes.meta import meta
from api.routes.metrics import metrics
from api.routes.offers import offers
from api.routes.on_behalf import on_behalf
from api.routes.operations import operations
from api.routes.personal import personal
from api.routes.quarters import quarters
from api.routes.requests import requests
from api.routes.second_factor import second_factor
from api.routes.settings import settings
from api.routes.statistics import statistics
from api.routes.tasks import tasks
from nachbarschaft.bootstrap import Wiring

BLUEPRINTS = (
    auth,
    me,
    account,
    personal,
    mail,
    second_factor,
    quarters,
    meta,
    requests,
    tasks,
    offers,
    coordination,
    statistics,
    on_behalf,
    confirming,
    settings,
    operations,
    metrics,
)


def create_app(wiring: Wiring) -> Flask:
    """The application around `wiring`."""
    app = Flask("api", static_folder=None)
    app.extensions["nachbarschaft"] = wiring
    # One more than is allowed: a body of unknown length is cut there, and then seen to be too long.
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY + 1
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.url_map.converters["regex"] = RegexConverter
    set_up_tokens(app, wiring.settings)
    set_up_limits(app, wiring.settings)
    count_requests(app)
    register_problems(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.after_request(_harden)
    return app


class RegexConverter(BaseConverter):
    """A path part that has to match a pattern; anything else is not found."""

    def __init__(self, url_map: Map, pattern: str) -> None:
        super().__init__(url_map)
        self.regex = pattern


def _harden(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    return response
