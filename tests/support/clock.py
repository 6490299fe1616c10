"""A clock that tests move by hand."""

from datetime import UTC, datetime, timedelta


class HandClock:
    """Stands still until it is moved."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant.astimezone(UTC)

    def now(self) -> datetime:
        return self.instant

    def forward(self, **how_far: float) -> datetime:
        """Moves on, as `timedelta` says it: `forward(hours=2)`."""
        self.instant += timedelta(**how_far)
        return self.instant

    def set(self, instant: datetime) -> None:
        self.instant = instant.astimezone(UTC)
