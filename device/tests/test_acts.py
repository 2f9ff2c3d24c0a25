import typing

from careful_device import acts, seen


def test_every_act_says_how_it_is_answered():
    for kind in typing.get_args(acts.Act):
        assert kind is acts.Wait or "(answer: " in kind.__doc__, kind


def test_acts_speak_only_of_answers_there_are():
    answers = {kind.__name__ for kind in typing.get_args(seen.Seen)}
    for kind in typing.get_args(acts.Act):
        said = kind.__doc__.partition("(answer: ")[2].partition(")")[0]
        words = {word.strip(",;.") for word in said.split() if word[:1].isupper()}
        assert words <= answers, kind
