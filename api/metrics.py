"""How the HTTP surface is used, counted by route and never by path: no id, no address and no typo becomes a label."""

import re
import time
from functools import cache

from flask import Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

NO_ROUTE = "(none)"
"""The label of every path that no route answers."""
_METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds. A read takes a few milliseconds, a password's hash a tenth of a second, a wait for the database up to 30."""


class HttpMetrics:
    """The counters of one application. Several applications in one process have each their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "nachbarschaft_http_requests", "Answers given.", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "nachbarschaft_http_request_seconds",
            "From the request's arrival to its answer.",
            ["method", "route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "nachbarschaft_http_requests_in_flight",
            "Requests that are being answered.",
            multiprocess_mode="livesum",
            registry=self.registry,
        )


def count_requests(app: Flask) -> None:
    """From now on `app` counts what it answers; refusals and failures too."""
    app.extensions["metrics"] = HttpMetrics()
    app.before_request(_begin)
    app.after_request(_answered)
    app.teardown_request(_end)


def http_metrics() -> HttpMetrics:
    """The counters of the application at hand."""
    found: HttpMetrics = current_app.extensions["metrics"]
    return found


def _begin() -> None:
    g.began = time.perf_counter()
    http_metrics().in_flight.inc()


def _answered(response: Response) -> Response:
    method = request.method if request.method in _METHODS else "(other)"
    route = NO_ROUTE if request.url_rule is None else _template(request.url_rule.rule)
    metrics = http_metrics()
    metrics.requests.labels(method, route, response.status_code).inc()
    metrics.seconds.labels(method, route).observe(time.perf_counter() - g.began)
    return response


def _end(_error: BaseException | None) -> None:
    http_metrics().in_flight.dec()


@cache
def _template(rule: str) -> str:
    """`/v1/requests/<uuid:id>` as the document writes it: `/v1/requests/{id}`."""
    return re.sub(r"<(?:[^<>]*:)?(\w+)>", r"{\1}", rule)
