"""`config.toml` in the agent's directory: who the device is, where its maker is, and whom it trusts.

    device = "cam-1-001"                  # [A-Za-z0-9_-]{1,64}; becomes the certificate's name
    product = "cam-1"
    hardware = "rev-a"
    token = "..."                         # one-time enrolment token; erased from the file once it was used
    est_url = "https://devices.example:8444/.well-known/est"
    ddi_url = "https://devices.example:8444/default/controller/v1"
    tuf_url = "https://devices.example:8444/tuf/cam-1"
    mqtt_host = "devices.example"
    mqtt_port = 8883
    connections_seconds = 60              # how often to say whom the device talks with (it is not kept); 0: never
    names_log = ""                        # log of a dnsmasq on the device, for the names that led to those addresses
    ca_file = "ca.pem"                    # whom to believe when connecting, and nobody else
    root_file = "root.json"               # TUF root metadata, pinned when the device is made

    [updates]
    slots = "slots"                       # folder of the directory driver, or:
    hook = ["/usr/lib/careful/slot"]      # command of the hook driver (see the README)
    health = ["/usr/lib/careful/healthy"] # exits 0 when the new software works; its last line says why not
    health_seconds = 120
    consent = ["/usr/lib/careful/asked"] # exits 0 when the owner agrees, 1 when not, else there is no answer yet
    crashes = ["/usr/lib/careful/crashes"] # prints how often the software has crashed, ever; asked at each poll
    power = ["/usr/lib/careful/power"]    # prints {"battery": 31, "power": "battery"}; without it the kernel is asked:
    power_supply = "/sys/class/power_supply"
    unpacked_bytes = 2_000_000_000        # what an image may unpack to
    image_bytes = 1_000_000_000           # what an image may be long
    source = "kept"                       # where deltas start from: kept (the agent keeps the image in images/), hook
                                          # (the hook's word `source` names a file or partition), none (no deltas)
    stores_ca_file = ""                   # whom to believe where the server sends downloads elsewhere; empty: ca_file

    [backlog]
    messages = 10_000                     # bounds of what is kept while offline; the oldest goes first
    bytes = 20_000_000

    [readings.telemetry]                  # one table for each stream
    every_seconds = 60
    command = ["/usr/lib/camera/telemetry"]   # prints one JSON object

Unknown keys are refused: a misspelt limit would otherwise be no limit.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from careful_device import files
from careful_device.errors import AgentError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

NAME = "config.toml"
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LIMIT = 64 << 10
_TOKEN_LINE = re.compile(rb"^[ \t]*token[ \t]*=[^\n]*(?:\n|\Z)", re.MULTILINE)
_PORTS = 65_535
_SOURCES = ("kept", "hook", "none")


@dataclass(frozen=True, kw_only=True)
class Updates:
    """How images are installed and proved."""

    slots: str = "slots"
    hook: tuple[str, ...] = ()
    health: tuple[str, ...] = ()
    health_seconds: int = 120
    consent: tuple[str, ...] = ()
    crashes: tuple[str, ...] = ()
    power: tuple[str, ...] = ()
    power_supply: str = "/sys/class/power_supply"
    unpacked_bytes: int = 2_000_000_000
    image_bytes: int = 1_000_000_000
    source: str = "kept"
    stores_ca_file: str = ""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How much is kept while offline."""

    messages: int = 10_000
    bytes: int = 20_000_000


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Where the readings of one stream come from."""

    every_seconds: int = 60
    command: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Config:
    """What `config.toml` says. Addresses are https; files are relative to `home`, the agent's directory."""

    home: Path
    device: str
    product: str
    hardware: str
    est_url: str
    ddi_url: str = ""
    tuf_url: str = ""
    mqtt_host: str = ""
    mqtt_port: int = 8883
    connections_seconds: int = 60
    names_log: str = ""
    ca_file: str = "ca.pem"
    root_file: str = "root.json"
    token: str = field(default="", repr=False)
    updates: Updates = field(default_factory=Updates)
    backlog: Bounds = field(default_factory=Bounds)
    readings: Mapping[str, Reading] = field(default_factory=dict)

    @property
    def ca_path(self) -> Path:
        """Return the certificates that a server must be signed by."""
        return self.home / self.ca_file

    @property
    def stores_ca_path(self) -> Path | None:
        """Return the certificates that a store of downloads must be signed by; None where it is the same."""
        return self.home / self.updates.stores_ca_file if self.updates.stores_ca_file else None

    @property
    def servers(self) -> tuple[str, ...]:
        """Return the hosts that this file names."""
        urls = (self.est_url, self.ddi_url, self.tuf_url)
        return (self.mqtt_host, *(urlsplit(one).hostname or "" for one in urls))

    def root(self) -> bytes:
        """Return the pinned TUF root. Raises AgentError when there is none: without it nothing may be installed."""
        try:
            return (self.home / self.root_file).read_bytes()
        except OSError as missing:
            raise AgentError(
                f"There is no pinned TUF root at {self.home / self.root_file}, so updates stay off.",
                do="Put the product's root.json there when the device is made.",
            ) from missing


def load(home: Path) -> Config:
    """Read `home`/config.toml. Raises AgentError that names the key when something is wrong with it."""
    path = home / NAME
    try:
        content = path.read_bytes()
    except OSError as missing:
        raise AgentError(
            f"{path} cannot be read.", do="Name the agent's directory: careful-device --dir DIR"
        ) from missing
    if len(content) > _LIMIT:
        raise AgentError(f"{path} is longer than {_LIMIT} bytes.")
    try:
        plain = tomllib.loads(content.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as broken:
        raise AgentError(f"{path} is not TOML: {broken}.") from broken
    return _config(home, plain)


def erase_token(home: Path) -> None:
    """Take the line with the token out of `home`/config.toml, in one step."""
    path = home / NAME
    content = path.read_bytes()
    without = _TOKEN_LINE.sub(b"", content)
    if without != content:
        files.write(path, without, mode=path.stat().st_mode & 0o777)


def _config(home: Path, plain: dict[str, Any]) -> Config:
    updates = _table(Updates, plain.pop("updates", {}), "updates")
    bounds = _table(Bounds, plain.pop("backlog", {}), "backlog")
    tables = plain.pop("readings", {})
    _want(isinstance(tables, dict), "readings", "a table for each stream")
    readings = {name: _table(Reading, table, f"readings.{name}") for name, table in tables.items()}
    for reserved in ("home", "updates", "backlog", "readings"):
        _want(reserved not in plain, reserved, "set nowhere")
    config: Config = _table(
        Config, {**plain, "home": home, "updates": updates, "backlog": bounds, "readings": readings}, ""
    )
    for key in ("device", "product", "hardware"):
        _want(_ID.fullmatch(getattr(config, key)) is not None, key, "1 to 64 of A-Z a-z 0-9 _ -")
    for key in ("est_url", "ddi_url", "tuf_url"):
        value = getattr(config, key)
        url = urlsplit(value)
        good = url.scheme == "https" and bool(url.hostname) and not url.query and not url.fragment
        _want(good or (not value and key != "est_url"), key, "an https address")
    _want(config.updates.source in _SOURCES, "updates.source", f"one of {', '.join(_SOURCES)}")
    _want(0 < config.mqtt_port <= _PORTS, "mqtt_port", f"1 to {_PORTS}")
    for name, reading in readings.items():
        _want(_ID.fullmatch(name) is not None, f"readings.{name}", "a stream's name")
        _want(reading.every_seconds > 0, f"readings.{name}.every_seconds", "1 or more")
    return config


def _table(kind: Any, plain: Any, where: str) -> Any:  # noqa: ANN401 (one reader for all tables; each value is checked)
    _want(isinstance(plain, dict), where, "a table")
    prefix = f"{where}." if where else ""
    known = {one.name: one for one in fields(kind)}
    values: dict[str, Any] = {}
    for key, given in plain.items():
        _want(key in known, prefix + key, "no such key")
        kept, wanted = given, str(known[key].type)
        if "tuple" in wanted:
            good = isinstance(kept, list) and all(isinstance(part, str) for part in kept)
            _want(good, prefix + key, "a list of texts")
            kept = tuple(kept)
        elif "int" in wanted:
            _want(
                isinstance(kept, int) and not isinstance(kept, bool) and kept >= 0, prefix + key, "a number from 0 up"
            )
        elif "str" in wanted and "Mapping" not in wanted:
            _want(isinstance(kept, str), prefix + key, "a text")
        values[key] = kept
    try:
        return kind(**values)
    except TypeError as missing:
        lacking = sorted(name for name in ("device", "product", "hardware", "est_url") if name not in values)
        raise AgentError(f"config.toml: {', '.join(lacking)} must be set.") from missing


def _want(good: bool, key: str, expected: str) -> None:
    if not good:
        raise AgentError(f"config.toml: {key}: expected {expected}.")
