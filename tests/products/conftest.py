"""Product files for these tests: one small, one filled."""

import pytest

SMALL = b"""\
schema: product/1
product: {id: cam-9, name: Test Cam, models: [TC-9]}
"""
FILLED = b"""\
schema: product/1
product: {id: cam-9, name: Test Cam, models: [TC-9], category: camera, regulated_as: []}
markets: [US, US-CA, EU, UK]
audience: {consumer: true, child_directed: false, actual_knowledge_child: false, sold_to_healthcare: false,
           health_from_several_sources: false}
claims: []
support: {until: 2031-12-31, automatic_updates: true, user_can_postpone: true, restart: true, cadence_days: 90}
connectivity: {internet: direct, protocols: [wifi], radio: true}
data:
  - {id: telemetry, fields: [temperature_c, uptime_s], types: {temperature_c: number, uptime_s: integer},
     class: diagnostics, personal: false, feature: health}
  - {id: motion, fields: [zone], class: video_home, personal: true, feature: alerts}
  - {id: account, fields: [email], class: contact, personal: true, from: app}
events:
  - {name: motion_seen, fields: [zone], personal: true}
"""


@pytest.fixture
def small() -> bytes:
    return SMALL


@pytest.fixture
def filled() -> bytes:
    return FILLED
