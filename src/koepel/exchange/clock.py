"""From the raid clock to dates that other tools can play."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

NOTIONAL = datetime(2000, 1, 1, tzinfo=UTC)


def epoch_of(night: str | None) -> tuple[datetime, str]:
    """When second 0 of the raid clock is put, and what that is worth.

    Parameters
    ----------
    night
        The date of a recorded night that was replayed, ``YYYY-MM-DD``.

    Examples
    --------
    >>> epoch_of("2025-06-10")[0].isoformat()
    '2025-06-10T00:00:00+00:00'
    """
    try:
        day = date.fromisoformat(night or "")
    except ValueError:
        return NOTIONAL, "notional: the raid clock is put to begin on 2000-01-01T00:00:00Z"
    told = f"notional: the raid clock is put to begin on {day}T00:00:00Z"
    return datetime(day.year, day.month, day.day, tzinfo=UTC), told


def moment(epoch: datetime, time_s: float) -> str:
    """A time of the raid clock by ISO 8601, in UTC, to the tenth of a second.

    Examples
    --------
    >>> moment(NOTIONAL, 90.25), moment(NOTIONAL, -1.0)
    ('2000-01-01T00:01:30.2Z', '1999-12-31T23:59:59.0Z')
    """
    at = epoch + timedelta(milliseconds=round(time_s * 1000))
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 100_000}Z"
