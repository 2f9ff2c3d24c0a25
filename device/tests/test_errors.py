from careful_device.errors import AgentError, AnswerError, Refusal


def test_an_error_says_what_and_what_to_do():
    assert str(AgentError("It broke.", do="Mend it.")) == "It broke. Mend it."
    assert str(AgentError("It broke.")) == "It broke."
    assert AnswerError("No.", status=404).status == 404


def test_a_refusal_names_its_kind():
    assert str(Refusal("tampered", "other bytes")) == "tampered: other bytes"
