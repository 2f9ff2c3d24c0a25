import contextlib
import socket
import ssl
import threading
import time

import pytest
from simulated_maker import Authority

from careful_device import genuine, https
from careful_device.errors import AgentError, AnswerError, WireError
from careful_device.https import Answer, Client, tls_context
from careful_device.pace import Pace


@pytest.fixture
def client(home):
    made = Client(home / "ca.pem")
    yield made
    made.close()


def test_answers_come_whole_over_a_kept_connection(client, maker):
    for _ in range(3):
        answer = client.request("GET", f"{maker.url}/tuf/cam-1/metadata/1.root.json")
        assert answer.good("Root").body == maker.repository.root
    assert len(client._kept) == 1


def test_another_status_than_wanted_is_an_error_with_the_servers_words(client, maker):
    answer = client.request("GET", f"{maker.url}/tuf/cam-1/metadata/none.json")
    with pytest.raises(AnswerError, match="Root: the server answered 404") as wrong:
        answer.good("Root")
    assert wrong.value.status == 404
    assert Answer(201, b"").good("x", 200, 201).status == 201


def test_an_endless_answer_is_cut_off(client, maker):
    with pytest.raises(WireError, match="longer than 10 bytes"):
        client.request("GET", f"{maker.url}/tuf/cam-1/metadata/1.root.json", limit=10)
    assert client.request("GET", f"{maker.url}/tuf/cam-1/metadata/1.root.json").status == 200


def test_a_connection_that_the_server_closed_meanwhile_is_opened_anew(client, maker):
    client.request("GET", f"{maker.url}/tuf/x/timestamp.json")
    next(iter(client._kept.values())).sock.shutdown(2)
    assert client.request("GET", f"{maker.url}/tuf/x/timestamp.json").status == 200


def test_a_server_of_another_authority_is_not_spoken_to(maker, tmp_path):
    (tmp_path / "other.pem").write_bytes(Authority().pem())
    with pytest.raises(WireError, match="not whom this device trusts"):
        Client(tmp_path / "other.pem").request("GET", f"{maker.url}/tuf/x/timestamp.json")
    assert maker.requests == []


def test_a_server_under_another_name_is_not_spoken_to(client, maker):
    with pytest.raises(WireError, match="not whom this device trusts"):
        client.request("GET", maker.url.replace("127.0.0.1", "localhost"))


def test_nobody_there(client):
    with pytest.raises(WireError, match="cannot be reached"):
        client.request("GET", "https://127.0.0.1:9/")


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "https:///x", "file:///etc/passwd", ""])
def test_only_https(client, url):
    with pytest.raises(AgentError, match="no https address"):
        client.request("GET", url)


def test_files_that_cannot_be_used_are_named(tmp_path, home):
    (tmp_path / "bad.pem").write_text("rubbish")
    with pytest.raises(AgentError, match=r"bad\.pem"):
        tls_context(home / "ca.pem", tmp_path / "bad.pem")
    with pytest.raises(AgentError, match="cannot be used for TLS"):
        tls_context(tmp_path / "none.pem", None)


def test_a_body_that_breaks_off_is_an_error(device, maker):
    device.settle()
    maker.blobs["x"] = b"y" * 100_000
    maker.cut_after = 1000
    with pytest.raises(WireError, match="broke"):
        device.agent.client.request("GET", f"{maker.url}/blob/x")


class Hostile:
    """A server that takes one connection at a time and answers as badly as it can, over real TLS."""

    def __init__(self, maker, answer):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(maker.folder / "server.pem")
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listening.getsockname()[1]}/x"
        self._context, self._answer = context, answer
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            with contextlib.suppress(OSError):
                raw, _address = self._listening.accept()
                with self._context.wrap_socket(raw, server_side=True) as client:
                    client.recv(65536)
                    for part in self._answer():
                        client.sendall(part)


def dripping_body():
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    for _ in range(1000):
        time.sleep(0.05)
        yield b"x"


def dripping_head():
    yield b"HTTP/1.1 200 OK\r\n"
    for _ in range(1000):
        time.sleep(0.05)
        yield b"x"


def endless_head():
    while True:
        yield b"HTTP/1.1 100 Continue\r\n\r\n" * 1000


def endless_not_found():
    yield b"HTTP/1.1 404 Not Found\r\n\r\n"
    while True:
        yield b"x" * 65536


@pytest.mark.parametrize("answer", [dripping_body, dripping_head], ids=lambda one: one.__name__)
def test_slow_retrieval_is_ended(client, maker, monkeypatch, answer):
    monkeypatch.setattr(https, "Pace", lambda now: Pace(now, window=0.5))
    before = time.monotonic()
    with pytest.raises(WireError, match="too slowly"):
        client.request("GET", Hostile(maker, answer).url)
    assert time.monotonic() - before < 5


def test_a_head_without_end(client, maker):
    with pytest.raises(WireError, match="no end"):
        client.request("GET", Hostile(maker, endless_head).url)


def test_an_endless_not_found_does_not_hold_the_metadata(client, maker, home):
    url = Hostile(maker, endless_not_found).url
    with pytest.raises(WireError, match="cannot be had"):
        genuine.find(client, home, url, maker.repository.root, "x")
