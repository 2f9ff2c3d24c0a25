"""What a client of the DDI can take, known by how it speaks: most take any number of modules and files, some just one.

rauc-hawkbit-updater and Zephyr refuse an order with more than one; Zephyr also looks for the part bApp, and sends no
User-Agent, which no other client leaves out.
"""

from dataclasses import dataclass

from starlette.requests import Request


@dataclass(frozen=True, slots=True)
class Profile:
    """`single`: one module with one file. `part`: what the image is called, where it is not `os`."""

    name: str = ""
    single: bool = False
    part: str = "os"


_ANY = Profile()
_ZEPHYR = Profile("Zephyr", single=True, part="bApp")
_RAUC = Profile("rauc-hawkbit-updater", single=True)
_OURS = Profile("careful-device", single=True)
_BEGINNINGS = (("rauc-hawkbit", _RAUC), ("careful-device", _OURS))


def profile_of(request: Request) -> Profile:
    """Return what the client that asks can take."""
    agent = request.headers.get("user-agent", "").strip().lower()
    if not agent:
        return _ZEPHYR
    return next((profile for beginning, profile in _BEGINNINGS if agent.startswith(beginning)), _ANY)
