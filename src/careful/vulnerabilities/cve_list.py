"""Which files bring the CVE list up to date: the whole of a midnight, or the changes since; pure.

The CVE Program publishes releases each hour: all records as of midnight, and what changed since that midnight. The last
changes of a day are the whole day's, so days can be caught up one by one. Source: cvelistV5, "Releases".
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

LATEST = "https://api.github.com/repos/CVEProject/cvelistV5/releases?per_page=100&page={page}"
PAGES = 3  # a release an hour: twelve days
_WHOLE = re.compile(r"(\d{4}-\d\d-\d\d)_all_CVEs\w*\.zip(?:\.zip)?")
_CHANGES = re.compile(r"(\d{4}-\d\d-\d\d)_delta_CVEs_at_(\w+)\.zip")


@dataclass(frozen=True, slots=True)
class File:
    """One file: its name, address, and the day of which it speaks."""

    name: str
    url: str
    day: date


@dataclass(frozen=True, slots=True)
class Listing:
    """The newest whole list, and the last changes of each day."""

    whole: File | None
    changes: dict[date, File]


def read(releases: Iterable[Any]) -> Listing:
    """Read releases as GitHub lists them, the newest first; what is no such file is passed over."""
    whole: File | None = None
    changes: dict[date, tuple[str, File]] = {}
    for release in releases:
        listed = release.get("assets") if isinstance(release, dict) else None
        for asset in filter(_is_dated, listed if isinstance(listed, list) else ()):
            name, url = str(asset.get("name", "")), str(asset.get("browser_download_url", ""))
            if found := _WHOLE.fullmatch(name):
                one = File(name, url, date.fromisoformat(found[1]))
                whole = one if whole is None or one.day > whole.day else whole
            elif found := _CHANGES.fullmatch(name):
                hour = "~" if "end" in found[2] else found[2]  # the end of the day comes after every hour
                one = File(name, url, date.fromisoformat(found[1]))
                if hour >= changes.get(one.day, ("", one))[0]:
                    changes[one.day] = (hour, one)
    return Listing(whole, {day: one for day, (_, one) in changes.items()})


def _is_dated(asset: object) -> bool:
    """Tell whether a file's name begins with a day that there is."""
    try:
        return isinstance(asset, dict) and bool(date.fromisoformat(str(asset.get("name", ""))[:10]))
    except ValueError:
        return False


def wanted(listing: Listing, held: date | None) -> Sequence[File]:
    """Return what to fetch, in order, for who holds everything up to the midnight that began the day `held`.

    Empty where nothing is published.
    """
    last = max(listing.changes, default=None)
    if held is not None and last is not None:
        days = [held + timedelta(days=number) for number in range((last - held).days + 1)]
        if days and all(day in listing.changes for day in days):
            return [listing.changes[day] for day in days]
    if listing.whole is None:
        return []
    after = sorted(day for day in listing.changes if day >= listing.whole.day)
    return [listing.whole, *(listing.changes[day] for day in after)]
