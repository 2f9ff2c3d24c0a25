import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import client_hello, dns_answer

from careful.monitoring.captures.names import dns_answers, http_host, tls_name


def test_answers_name_their_addresses():
    assert dns_answers(dns_answer("Api.Example.com", ["203.0.113.7", "2001:db8::1"])) == [
        ("api.example.com", "203.0.113.7"),
        ("api.example.com", "2001:db8::1"),
    ]


def test_an_alias_counts_under_the_name_that_was_asked_for():
    answer = dns_answer("api.example.com", ["203.0.113.7"], alias="edge.cdn.example")
    assert dns_answers(answer) == [("api.example.com", "203.0.113.7")]


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(b"", id="empty"),
        pytest.param(dns_answer("a.example", ["203.0.113.7"])[:20], id="cut"),
        pytest.param(dns_answer("a.example", ["203.0.113.7"])[:2] + b"\x01\x00" + bytes(20), id="a question"),
        pytest.param(b"\0\1\x81\x80\0\1\0\1\0\0\0\0\xc0\x0c", id="a name that points at itself"),
    ],
)
def test_what_is_no_answer_gives_nothing(message):
    assert dns_answers(message) == []


def test_the_name_a_tls_client_asks_for():
    assert tls_name(client_hello("Cloud.Example.com.")) == "cloud.example.com"
    assert tls_name(client_hello("cloud.example.com")[:60]) is None
    assert tls_name(client_hello("<script>")) is None
    assert tls_name(b"\x16\x03\x01\0\2\2\0") is None


def test_the_host_of_a_request():
    assert http_host(b"GET / HTTP/1.1\r\nAccept: */*\r\nHOST: Api.example:8080\r\n\r\n") == "api.example"
    assert http_host(b"GET / HTTP/1.0\r\n\r\n") is None
    assert http_host(b"HELLO\r\nHost: a\r\n") is None


@given(st.binary(max_size=200))
def test_no_bytes_break_them(data):
    dns_answers(data)
    dns_answers(b"\0\1\x81\x80\0\1\0\4\0\0\0\0" + data)
    tls_name(b"\x16\x03\x01\0\x80\x01" + data)
    http_host(b"GET " + data)
