"""Reads what `/metrics` says, as Prometheus would: samples by name and labels."""

from collections.abc import Iterator

from prometheus_client.parser import text_string_to_metric_families


class Scrape:
    """One answer of `/metrics`."""

    def __init__(self, text: str) -> None:
        self._samples: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                self._samples[sample.name, frozenset(sample.labels.items())] = sample.value

    @property
    def names(self) -> set[str]:
        return {name for name, _labels in self._samples}

    def value(self, name: str, /, **labels: str) -> float:
        """The one sample with exactly these labels; 0 where there is none."""
        return self._samples.get((name, frozenset(labels.items())), 0.0)

    def label_values(self, label: str) -> set[str]:
        return {value for _name, labels in self._samples for key, value in labels if key == label}

    def label_names(self) -> set[str]:
        return {key for _name, labels in self._samples for key, _value in labels}

    def counted(self) -> Iterator[tuple[tuple[str, frozenset[tuple[str, str]]], float]]:
        """The samples of counters and histograms: what may never fall."""
        for key, value in self._samples.items():
            if key[0].endswith(("_total", "_count", "_sum", "_bucket")):
                yield key, value
