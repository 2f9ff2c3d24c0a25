import asyncio
import contextlib
import json
import time

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from careful.entrypoints.gateway.https import ddi_media as media
from careful.kernel.errors import Invalid

CBOR = "application/cbor"


def request(content=b"", kind=CBOR, **headers):
    listed = [(b"content-type", kind.encode()), *((name.encode(), value.encode()) for name, value in headers.items())]

    async def receive():
        return {"type": "http.request", "body": content, "more_body": False}

    return Request({"type": "http", "method": "PUT", "path": "/", "query_string": b"", "headers": listed}, receive)


def read(content, kind=CBOR, **more):
    return asyncio.run(media.read_table(request(content, kind), **more))


@pytest.mark.parametrize("kind", ["application/json", "application/hal+json; charset=utf-8", CBOR])
def test_either_way_says_the_same(kind):
    plain = {"data": {"version": "1.0.1", "n": 3}, "list": [1, None, True, "é"]}
    content = cbor2.dumps(plain) if kind == CBOR else json.dumps(plain).encode()
    assert read(content, kind) == plain


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xa1", id="cut off"),
        pytest.param(cbor2.dumps([1]), id="a list"),
        pytest.param(cbor2.dumps({1: 2}), id="names that are none"),
        pytest.param(b"\x81" * 60_000, id="deep"),
        pytest.param(b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff", id="a length that is a lie"),
        pytest.param(b"\x9b\x00\x00\x00\x7f\xff\xff\xff\xff", id="a long list that is none"),
        pytest.param(b"\xa1\x61a\xc4\x82\x1a\x3b\x9a\xca\x00\x01", id="a number with a billion digits"),
        pytest.param(b"\xa1\x61a\xd8\x1e\x82\xc4\x82\x1a\x3b\x9a\xca\x00\x01\x03", id="a fraction of it"),
        pytest.param(b"\xa1\x61a\xd8\x23\x68(a+)+(b)$", id="a pattern"),
        pytest.param(b"\xd8\x1c\xa1\x61a\xd8\x1d\x00", id="an object in itself"),
        pytest.param(b"\xa1\x61a\x61\xff", id="a text that is none"),
    ],
)
def test_broken_cbor_costs_nothing(content):
    began = time.monotonic()
    with pytest.raises(Invalid, match="CBOR|object"):
        read(content)
    assert time.monotonic() - began < 1


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(content):
    with contextlib.suppress(Invalid):
        assert isinstance(read(content), dict)


def test_another_type_is_refused_and_an_absent_body_is_none():
    with pytest.raises(media.UnsupportedType):
        read(b"{}", "text/plain")
    assert read(b"", "text/plain", empty=True) == {}
    with pytest.raises(media.UnsupportedType):
        read(b"{}", "text/plain", empty=True)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", media.JSON),
        ("application/hal+json, application/json", media.HAL),
        ("application/json", media.JSON),
        ("application/cbor", CBOR),
        ("text/html, application/cbor;q=0.5, */*;q=0.1", CBOR),
        ("application/cbor;q=0, application/json", media.JSON),
        ("APPLICATION/*", media.JSON),
        ("text/html", None),
        ("application/cbor; q=0", None),
    ],
)
def test_the_first_type_that_the_device_takes(accept, expected):
    asked = request(accept=accept)
    if expected is None:
        with pytest.raises(media.NotAcceptable):
            media.media_of(asked)
        assert media.answer(asked, {}).media_type == media.JSON
    else:
        assert media.media_of(asked) == media.answer(asked, {}).media_type == expected
