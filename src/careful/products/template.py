"""The first product file: five answers, and every other field blank with a word on what it decides."""

import json
import re
from dataclasses import dataclass
from datetime import date

_SLUG = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Answers:
    """What `careful init` asks. None or () is blank, and blank is unknown."""

    name: str
    category: str | None = None
    markets: tuple[str, ...] = ()
    internet: str | None = None
    until: date | None = None
    id: str | None = None


def slug(name: str) -> str:
    """Make a product id of a name: `Hearth Cam 1` becomes `hearth-cam-1`."""
    return _SLUG.sub("-", name.lower()).strip("-")[:32].strip("-") or "product"


def write(answers: Answers) -> str:
    """Return the text of a product.yaml that fits the schema."""
    return _TEXT.format(
        id=_id(answers.id or slug(answers.name)),
        name=json.dumps(answers.name, ensure_ascii=False),
        category=_after(answers.category),
        markets=_after(f"[{', '.join(answers.markets)}]" if answers.markets else None),
        internet=_after(answers.internet),
        until=_after(answers.until.isoformat() if answers.until else None),
    )


def _id(value: str) -> str:
    """Write an id, in quotes where YAML would take it for a number or a word of its own."""
    return value if value[0].isalpha() and value not in {"true", "false", "null"} else f'"{value}"'


def _after(value: str | None) -> str:
    return f" {value}" if value else ""


_TEXT = """\
# What this product is, what it collects and what it promises. Careful derives the rest from this file.
#
# Blank means unknown, never no: write `false`, `none` or `[]` where you know that there is none.
# Look at it with:     careful check product.yaml
# For your editor:     careful product schema > product.schema.json
# yaml-language-server: $schema=product.schema.json
schema: product/1

product:
  id: {id}
  name: {name}
  models:                   # exactly as printed on the label: [HC-100, HC-110]
  category:{category}
  regulated_as:             # [medical_device], [vehicle], [computer] ...; [] when none of them
  intended_use:
  foreseeable_misuse:       # how could someone be harmed with it? one line each
  placed_on_market:         # first day of sale: 2026-10-01
  expected_life_years:
  units_sold:

markets:{markets}

audience:
  consumer:
  child_directed:
  actual_knowledge_child:   # do you know that children under 13 use it?
  vulnerable:
  sold_to_healthcare:
  health_from_several_sources:
  federal_buyer:

claims:                     # what you say in public: - {{text: "...", where: "...", kind: security, evidence: [...]}}

support:
  until:{until}  # last day of security updates; may move later, never earlier
  automatic_updates:
  user_can_postpone:
  restart:
  cadence_days:

connectivity:
  internet:{internet}
  protocols:                # [ip, wifi, ble, zigbee, thread, matter, cellular ...]
  radio:
  accounts:
  remote_access:            # can it be used or watched from outside the home?
  works_offline:            # features that work without the internet
  cloud_required_for:       # features that stop when your cloud stops
  heartbeat_minutes:        # a device that is well is heard of at least this often

interfaces:                 # every way in, debug ports too
#  - id: cloud-api
#    kind: cloud
#    reach: internet
#    auth: {{kind: account, preset: user_set, forced_change: true, mfa: required, lockout: true}}
#    transport: {{tls: "1.3", pinned: true}}
#    actuates: []
#    debug: false
#    locked_in_production: true
#    monitor: api-log

hardware:
  processor:                # mcu or mpu
  root_of_trust:            # none, mutable or immutable
  debug_port:
  camera:
  microphone:
  location:
  biometrics:
  actuators:
  safety_relevant:

software:
  os:
  bootloader:
  web_app:
  memory_unsafe:
  update: {{supported: , signed: , encrypted: , anti_rollback: , remote: }}
  logs:
  sbom:

ecosystem:                  # what it talks with; edges of the element `device` become its network profile
#  - id: device
#    kind: device
#    edges:
#      - {{to: cloud, protocol: mqtt, port: 8883, auth: device certificate, data: [telemetry], direction: out}}
#  - {{id: cloud, kind: cloud, owner: us, hosts: [mqtt.example.com]}}

data:                       # each is a stream: d/<device>/up/<id>. What is not listed here is refused.
#  - id: telemetry
#    fields: [at, temperature_c, uptime_s]
#    types: {{temperature_c: number, uptime_s: integer}}
#    details:                # unit, range, length; and where a field differs from its item (personal, consent ...)
#      temperature_c: {{unit: Cel, min: -40, max: 125}}
#      uptime_s: {{unit: s, min: 0}}
#    refusal: field          # a field at fault: leave it out (field) or refuse the whole record (record)
#    rate: {{messages: 60, per: hour}}
#    time: at                # the field that says when it was made: none from the future, none stored twice
#    class: diagnostics
#    personal: false
#    purpose: [see that the device is well]
#    feature: device_health
#    recipients: []
#    retention: {{days: 30}}
#    consent: none           # none, opt_in or parental: nothing is taken before it is given

events:                     # what it may report: d/<device>/event/<name>
#  - {{name: overheated, fields: [temperature_c]}}

suppliers:
journeys:                   # unbox, pair, share, resell, reset, end
environments:

accountable:
  executive:
  product_owner:
  psirt:

contact:
  security:                 # where a researcher reports a flaw
  customer:
  postal:
"""
