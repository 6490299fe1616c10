"""The text that Prometheus reads: what the HTTP surface counted, and how the work stands in the database."""

import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from api.metrics import HttpMetrics
from api.sharing import FOLDER
from nachbarschaft.queries.delivering import ChannelStanding
from nachbarschaft.queries.job_runs import JobStanding
from nachbarschaft.queries.standing import Standing

_PLURALS = {"push": "pushes", "mail": "mails"}


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
    """What was read for this answer."""

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
        yield from _delivery(standing.delivery)
        yield _requests(standing)
        yield from _jobs(standing.jobs)


def _delivery(channels: list[ChannelStanding]) -> Iterator[Metric]:
    """What waits has a name of its own for each channel; how attempts ended is told by label."""
    for told in channels:
        plural = _PLURALS[told.channel]
        yield _one(f"nachbarschaft_due_{plural}", f"{plural.title()} that should have gone out by now.", told.due)
        yield _one(
            f"nachbarschaft_oldest_due_{told.channel}_seconds",
            "How long the oldest of them has waited.",
            told.oldest_due_seconds or 0.0,
        )
    attempts = CounterMetricFamily(
        "nachbarschaft_deliveries", "Attempts that ended, by how.", labels=["channel", "outcome"]
    )
    for told in channels:
        for outcome, count in told.outcomes.items():
            attempts.add_metric([told.channel, outcome], count)
    yield attempts
    yield from _endings("nachbarschaft_delivery", "each channel", "channel", {told.channel: told for told in channels})


def _one(name: str, meaning: str, value: float) -> Metric:
    family = GaugeMetricFamily(name, meaning)
    family.add_metric([], value)
    return family


def _requests(standing: Standing) -> Metric:
    family = GaugeMetricFamily("nachbarschaft_requests", "Help requests that have not ended.", labels=["state"])
    for state, count in standing.requests.items():
        family.add_metric([state], count)
    return family


def _jobs(jobs: list[JobStanding]) -> Iterator[Metric]:
    """The label is not called `job`: that is Prometheus's own word for what it scrapes."""
    yield from _endings("nachbarschaft_job", "each job", "name", {job.name: job for job in jobs})
    runs = CounterMetricFamily("nachbarschaft_job_runs", "Runs that ended, by how.", labels=["name", "outcome"])
    waiting = GaugeMetricFamily(
        "nachbarschaft_job_oldest_due_seconds",
        "How long the oldest row has waited that the job should have handled; 0 where it is not behind.",
        labels=["name"],
    )
    for job in jobs:
        runs.add_metric([job.name, "success"], job.successes)
        runs.add_metric([job.name, "failure"], job.failures)
        waiting.add_metric([job.name], job.oldest_due_seconds or 0.0)
    yield runs
    yield waiting


def _endings(
    prefix: str, whose: str, label: str, told: Mapping[str, JobStanding | ChannelStanding]
) -> Iterator[Metric]:
    """When the last success and the last error were; nothing for what has not happened yet."""
    for ending, meaning in (("success", "succeeded"), ("error", "failed")):
        family = GaugeMetricFamily(
            f"{prefix}_last_{ending}_timestamp_seconds", f"When {whose} last {meaning}.", labels=[label]
        )
        for name, standing in told.items():
            instant = standing.last_success_at if ending == "success" else standing.last_error_at
            if instant is not None:
                family.add_metric([name], instant.timestamp())
        yield family
