"""The text that Prometheus reads: what the HTTP surface counted, and how the work stands in the database."""

import os
import platform
from collections.abc import Iterable, Iterator
from datetime import datetime
from importlib.metadata import version

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from api.metrics import HttpMetrics
from api.sharing import FOLDER
from nachbarschaft.queries.standing import JobStanding, Standing


def exposition(http: HttpMetrics, standing: Standing | None) -> bytes:
    """The whole text; `standing` is None while the database does not answer."""
    registry = CollectorRegistry()
    if folder := os.environ.get(FOLDER):
        MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]  # the library leaves it bare
    else:
        registry.register(http.registry)
    registry.register(_Read([_build(), *_standing(standing)]))
    return generate_latest(registry)


class _Read(Collector):
    """Gauges that were read for this answer."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _build() -> Metric:
    family = GaugeMetricFamily("nachbarschaft_build_info", "What runs here.", labels=["version", "python"])
    family.add_metric([version("nachbarschaft"), platform.python_version()], 1)
    return family


def _standing(standing: Standing | None) -> Iterator[Metric]:
    answers = GaugeMetricFamily("nachbarschaft_database_up", "Whether the database answered this scrape.")
    answers.add_metric([], 0 if standing is None else 1)
    yield answers
    if standing is not None:
        yield from _pushes(standing)
        yield _requests(standing)
        yield from _jobs(standing.jobs)


def _pushes(standing: Standing) -> Iterator[Metric]:
    due = GaugeMetricFamily("nachbarschaft_due_pushes", "Pushes that should have gone out by now.")
    due.add_metric([], standing.due_pushes)
    yield due
    oldest = GaugeMetricFamily("nachbarschaft_oldest_due_push_seconds", "How long the oldest of them has waited.")
    oldest.add_metric([], standing.oldest_due_push_seconds)
    yield oldest


def _requests(standing: Standing) -> Metric:
    family = GaugeMetricFamily("nachbarschaft_requests", "Help requests that have not ended.", labels=["state"])
    for state, count in standing.requests.items():
        family.add_metric([state], count)
    return family


def _jobs(jobs: list[JobStanding]) -> Iterator[Metric]:
    yield _instants(
        "nachbarschaft_job_last_success_timestamp_seconds",
        "When each job last did what it does.",
        {job.name: job.last_success_at for job in jobs},
    )
    yield _instants(
        "nachbarschaft_job_last_error_timestamp_seconds",
        "When each job last failed.",
        {job.name: job.last_error_at for job in jobs},
    )


def _instants(name: str, meaning: str, instants: dict[str, datetime | None]) -> Metric:
    """The label is not called `job`: that is Prometheus's own word for what it scrapes."""
    family = GaugeMetricFamily(name, meaning, labels=["name"])
    for label, instant in instants.items():
        if instant is not None:
            family.add_metric([label], instant.timestamp())
    return family
