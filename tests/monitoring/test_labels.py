import pytest

from careful.kernel.errors import Invalid
from careful.monitoring.labels import Attack, is_attack, read


def test_labelled_frames_of_one_device_are_one_attack_while_they_are_near():
    labels = read(["frame.number;ip.src;label\n", "1;a;0\n", "2;a;1\n", "3;a;1\n", "4;b;1\n", "5;a;1\n"])
    for number, at, device in ((1, 0.0, "a"), (2, 10.0, "a"), (3, 20.0, "a"), (4, 25.0, "b"), (5, 9000.0, "a")):
        labels.frame(number, at, device)
    assert labels.all() == [
        Attack("a", 10.0, 20.0, "1", 2),
        Attack("b", 25.0, 25.0, "1", 1),
        Attack("a", 9000.0, 9000.0, "1", 1),
    ]


def test_spans_of_time():
    labels = read(["start,end,label,device\n", "5,9,flood,lamp\n", "1,2,benign,lamp\n"])
    assert labels.all() == [Attack("lamp", 5.0, 9.0, "flood")]
    assert read(["start,end,label\n", "5,9,flood\n"]).all()[0].device == ""


@pytest.mark.parametrize("label", ["0", "", "Benign", "normal", "legitimate"])
def test_words_for_no_attack(label):
    assert not is_attack(label)


@pytest.mark.parametrize(
    "lines", [[], ["a,b\n"], ["frame,label\n", "x,1\n"], ["frame,label\n", "\n"], ["start,end,label\n", "a,b,1\n"]],
    ids=["empty", "columns", "no number", "short", "no times"],
)  # fmt: skip
def test_what_cannot_be_read_is_said(lines):
    with pytest.raises(Invalid):
        read(lines)
