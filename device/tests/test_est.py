import pytest

from careful_device import est
from careful_device.errors import AgentError, AnswerError, WireError
from careful_device.https import Answer, Client
from careful_device.identity import Identity


class Canned:
    """A client with one answer."""

    def __init__(self, status, body):
        self.answer = Answer(status, body)

    def request(self, method, url, **_named):
        assert (method, url) == ("POST", "https://h/est/simplereenroll")
        return self.answer


def test_a_token_is_good_for_one_certificate(home, maker):
    client, identity = Client(home / "ca.pem"), Identity(home, "cam-1-001")
    chain = est.enrol(client, f"{maker.url}/est", identity.request(), device="cam-1-001", token="once-only")
    assert identity.accept(chain).name == "cam-1-001"
    with pytest.raises(AnswerError, match="401 unknown token"):
        est.enrol(client, f"{maker.url}/est", identity.request(), device="cam-1-001", token="once-only")
    client.close()


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        pytest.param(202, b"", WireError, id="not approved yet"),
        pytest.param(400, b"weak key", AnswerError, id="refused"),
        pytest.param(200, b"!!", AgentError, id="no base64"),
        pytest.param(200, b"AAAA", AgentError, id="no CMS"),
        pytest.param(200, b"", AgentError, id="nothing"),
    ],
)
def test_answers_that_are_no_certificate(status, body, error):
    with pytest.raises(error):
        est.re_enrol(Canned(status, body), "https://h/est", b"request")
