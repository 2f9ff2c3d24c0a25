"""The time below which this device does not go: whoever sets its clock back cannot revive what has expired.

    now = max(the clock, the floor)        the floor is kept in time.json, and only rises

It rises to moments that somebody whom the device trusts has signed, never to its own clock, which may be wrong:

- when timestamp metadata was signed (`signed_at`, which Careful's says), once it was verified
- when this device's certificate began
- the end of timestamp metadata, once the clock has been seen beyond it

Were the server's clock ahead by mistake, or its timestamp key stolen, new timestamp keys let devices begin anew
(`careful release replace-key PRODUCT timestamp`): the floor belongs to the keys that the root names for the timestamp.
TLS goes by the system's own clock.
"""

import time
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from tuf.api.metadata import Metadata, Root, Timestamp  # type: ignore[attr-defined]  # tuf names these its API without an __all__
from tuf.api.serialization import DeserializationError

from careful_device import files

_FILE = "time.json"
_FORM = "%Y-%m-%dT%H:%M:%SZ"
_STEP = 60.0
_LATEST = 1e11


class Floor:
    """The floor of the device in `home`."""

    def __init__(self, home: Path) -> None:
        self._path = home / _FILE

    def seconds(self) -> float:
        """Return the floor in seconds since the epoch; 0 where nothing is known."""
        return _floor(files.read_json(self._path))

    def now(self) -> datetime:
        """Return the time: the clock's, or the floor where the clock is behind it."""
        return datetime.fromtimestamp(max(time.time(), self.seconds()), tz=timezone.utc)

    def rise(self, seconds: float) -> None:
        """Take note that it is `seconds` or later. What gains less than a minute is not written down."""
        noted = files.read_json(self._path)
        if seconds >= _floor(noted) + _STEP:
            files.write_json(self._path, {**noted, "floor": seconds})

    def learn(self, folder: Path) -> None:
        """Take note of the metadata in `folder`, which was just verified."""
        try:
            signed = Metadata[Timestamp].from_file(str(folder / "timestamp.json")).signed
            keys = _keys(folder)
        except (OSError, DeserializationError):  # not there: the floor stays where it is
            return
        noted = files.read_json(self._path)
        if noted.get("keys") != keys:
            files.write_json(self._path, {**noted, "keys": keys})
        if (said := signed_at(signed)) is not None:
            self.rise(said)

    def is_of_other_keys(self, folder: Path) -> bool:
        """Tell whether the root now names other timestamp keys than when the floor was last learned."""
        noted = files.read_json(self._path)
        try:
            return "keys" in noted and noted["keys"] != _keys(folder)
        except (OSError, DeserializationError):
            return False

    def forget(self) -> None:
        """Begin anew, by the clock alone."""
        files.remove(self._path)


def signed_at(timestamp: Timestamp) -> float | None:
    """Return when timestamp metadata says that it was signed; None where it says nothing, or says more than it may."""
    said: Mapping[str, Any] = timestamp.unrecognized_fields
    try:
        found = datetime.strptime(str(said["signed_at"]), _FORM).replace(tzinfo=timezone.utc)
    except (KeyError, ValueError):
        return None
    return found.timestamp() if found <= timestamp.expires else None


def _floor(noted: Mapping[str, Any]) -> float:
    floor = noted.get("floor")
    good = isinstance(floor, (int, float)) and not isinstance(floor, bool) and 0 <= floor < _LATEST
    return float(floor) if good else 0.0  # type: ignore[arg-type]  # a number, as was just seen


def _keys(folder: Path) -> list[str]:
    root = Metadata[Root].from_file(str(folder / "root.json")).signed
    return sorted(root.roles["timestamp"].keyids)
