"""The in-band answer: by label for anybody, by certificate for the device itself."""

import json
from typing import Any

import pytest

from careful import devices, notices
from careful.kernel.work import World


def test_a_label_is_answered_as_the_public_site_answers_it(client: Any, world: World) -> None:
    answer = client.get("/v1/notice?model=cam-1&version=1.0.0")
    assert answer.status == 200
    said = json.loads(answer.body)
    truth = notices.answer_for(world, "cam-1", "1.0.0")
    assert (said["state"], said["says"], said["do"]) == (truth.state, truth.says, truth.do)
    assert said["advisories"] == []


def test_a_device_asks_about_itself(client: Any, world: World, enrolled: bytes) -> None:
    devices.identify(world, enrolled)
    devices.report_version(world, "cam-1-001", "1.2.3", "ddi")
    answer = client.get("/v1/notice", *client.with_certificate())
    assert answer.status == 200, answer.text
    assert json.loads(answer.body)["version"] == "1.2.3"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        pytest.param("", 400, id="nothing asked"),
        pytest.param("?model=cam-1", 400, id="no version"),
        pytest.param("?version=1", 400, id="no model"),
        pytest.param(f"?model={'x' * 81}&version=1", 400, id="over-long model"),
        pytest.param(f"?model=cam-1&version={'1' * 65}", 400, id="over-long version"),
        pytest.param("?model=toaster&version=1", 404, id="not our product"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_text(client: Any, query: str, status: int) -> None:
    answer = client.get(f"/v1/notice{query}")
    assert answer.status == status
    assert "text/plain" in answer.headers
