"""What is installed, signed with the device's own key (Uptane's vehicle version manifest, simplified).

It goes to the server with the attributes, in parts of 128 characters, `manifest.1`, `manifest.2`, …, which joined give
TEXT|KEY|SIGNATURE: TEXT is JSON without spaces, KEY this device's public key (SubjectPublicKeyInfo, DER) and SIGNATURE
what it signs over PREFIX and TEXT (ECDSA with SHA-256), both Base64. The prefix keeps it apart from all else that the
key signs: TLS and certificate requests.

`count` grows with each, so that an older one cannot be passed off as news; it follows the clock, so that it grows even
where manifest.json was lost. `answers` is the number of the last order that was closed.
"""

import base64
import json
import time
from pathlib import Path

from careful_device import files
from careful_device.identity import Identity
from careful_device.model import Facts

PREFIX = b"careful-version-manifest-1\n"
_FILE = "manifest.json"
_PART = 128
_ACTION = 18


def attributes(home: Path, identity: Identity, facts: Facts) -> dict[str, str]:
    """Return the attributes that carry the signed manifest; none where there is no version or no key."""
    if not facts.version:
        return {}
    noted = files.read_json(home / _FILE)
    before = noted.get("count", 0)
    count = max(before + 1 if isinstance(before, int) else 1, int(time.time()))
    text = _text(facts, count, str(noted.get("answers", "")))
    signed = identity.sign(PREFIX + text.encode())
    if signed is None:
        return {}
    files.write_json(home / _FILE, {**noted, "count": count})
    key, signature = (base64.b64encode(one).decode() for one in signed)
    whole = f"{text}|{key}|{signature}"
    parts = [whole[start : start + _PART] for start in range(0, len(whole), _PART)]
    return {f"manifest.{number}": part for number, part in enumerate(parts, start=1)}


def note_answer(home: Path, action: str) -> None:
    """Remember which order was closed last."""
    files.write_json(home / _FILE, {**files.read_json(home / _FILE), "answers": action[:_ACTION]})


def _text(facts: Facts, count: int, answers: str) -> str:
    plain = {
        "answers": answers,
        "count": count,
        "device": facts.device,
        "installed": [["os", facts.version, facts.sha256]],
    }
    return json.dumps(plain, separators=(",", ":"))
