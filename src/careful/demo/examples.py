"""The example set of known flaws, in a copy that is dated today: for the demo alone.

The set is frozen, and a feed is as old as its content: without this no answer of the demo could say "fine". A real
installation never does this, and the demo says that it did.
"""

import io
import json
import zipfile
from datetime import datetime
from pathlib import Path


def feeds(folder: Path, now: datetime) -> dict[str, bytes]:
    """Return the feeds in `folder`, each by the name under which the demo hands it in."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted((folder / "osv").rglob("*.json")):
            archive.writestr(path.name, _dated(path.read_bytes(), now))
    single = {f"example-{path.name}": _dated(path.read_bytes(), now) for path in sorted(folder.glob("*.json"))}
    return {**single, "example-osv.zip": packed.getvalue()}


def _dated(content: bytes, now: datetime) -> bytes:
    document = json.loads(content)
    for name in ("dateReleased", "timestamp", "modified"):
        if name in document:
            document[name] = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    return json.dumps(document).encode()
