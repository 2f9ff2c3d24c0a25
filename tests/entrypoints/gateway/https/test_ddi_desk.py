import asyncio

import pytest
from starlette.requests import Request

from careful.entrypoints.gateway.https import ddi_desk
from careful.kernel.errors import NotFound, TooMany, Unavailable


def request(**params):
    return Request({"type": "http", "method": "GET", "path": "/acme/controller/v1/d", "query_string": b"",
                    "headers": [], "path_params": params})  # fmt: skip


@pytest.mark.parametrize("text", ["", "-1", "x", "٣", "2147483648", "99999999999"])
def test_what_is_no_action(text):
    with pytest.raises(NotFound):
        ddi_desk.action_of(request(action=text))


def test_an_action_is_its_number():
    assert ddi_desk.action_of(request(action="2147483647")) == 2**31 - 1


@pytest.mark.parametrize(
    ("refusal", "status", "header"),
    [(TooMany("Too many.", retry_after=7), 429, "7"), (Unavailable("Away."), 503, "5"), (NotFound("No."), 404, None)],
)
def test_refusals_say_when_to_ask_again(refusal, status, header):
    async def refuse(_):
        raise refusal

    answer = asyncio.run(ddi_desk.told(refuse)(request(tenant="default", device="d")))
    assert (answer.status_code, answer.headers.get("retry-after")) == (status, header)


def test_a_tenant_that_is_none():
    answer = asyncio.run(ddi_desk.told(lambda _: None)(request(tenant="acme", device="d")))
    assert answer.status_code == 404
    assert b"/default/controller/v1/d" in answer.body
