import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.kernel.errors import Problem
from careful.products.reading import MAX_BYTES, MAX_DEPTH, Unreadable, field_path, read


def explode(levels: int) -> bytes:
    """Write aliases of aliases: ten times as many values on each level."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, levels)]
    return "\n".join(lines).encode()


REFUSED = [
    pytest.param(b"x" * (MAX_BYTES + 1), 1, "at most 1024 KiB", id="a byte too many"),
    pytest.param(b"x" * 50_000_000, 1, "48828 KiB", id="fifty megabytes"),
    pytest.param(explode(9), 5, "at most 20000 values", id="aliases that explode"),
    pytest.param(b"a: &a [*a]", 1, "a value that ends", id="an alias inside itself"),
    pytest.param(b"a: *nobody", 1, "an anchor given above", id="an alias of nothing"),
    pytest.param(b"".join(b"- &a%d x\n" % n for n in range(65)), 65, "at most 64 anchors", id="many anchors"),
    pytest.param(b"- &a x\n- &a y", 2, "each anchor once", id="an anchor given twice"),
    pytest.param(b"[" * 1_000_000, 1, "at most 16 levels", id="a million open brackets"),
    pytest.param(b"{a: " * 200_000, 1, "at most 16 levels", id="deep mappings"),
    pytest.param(b"- " * 500_000, 1, "at most 16 levels", id="dashes on one line"),
    pytest.param(b"? " * 500_000, 1, "a plain word as key", id="question marks on one line"),
    pytest.param(b"a: 1\nb: 2\na: 3", 3, "each key once, found it again (first on line 1)", id="a key twice"),
    pytest.param(b"- {x: 1}\n- {y: 1, y: 2}", 2, "each key once", id="a key twice, deeper"),
    pytest.param(b"a: !!python/object/apply:os.system [ls]", 1, "the tag", id="a tag that runs code"),
    pytest.param(b"a: !!str 5", 1, "the tag", id="a harmless tag"),
    pytest.param(b"!!map {a: 1}", 1, "the tag", id="a tag on the whole"),
    pytest.param(b"a:\n\tb: 1", 2, "found a tab", id="a tab for indentation"),
    pytest.param(b"a:\n  \tb: 1", 2, "found a tab", id="a tab after spaces"),
    pytest.param(b"a: 1\nb: \xff", 2, "UTF-8 text, found byte 0xff", id="not UTF-8"),
    pytest.param("a: 1".encode("utf-16"), 1, "UTF-8 text", id="UTF-16"),
    pytest.param(b"a: 1\nb: x\x00y", 2, "printable text", id="a null byte"),
    pytest.param(b"a: 1\nb: \x1b[2J", 2, "printable text", id="a terminal escape"),
    pytest.param(b'a: "\\ud800"', 1, "Unicode", id="half a character"),
    pytest.param(b"---\na: 1\n---\nb: 1", 3, "one document", id="two documents"),
    pytest.param(b"a: 1\n<<: {b: 1}", 2, "a merge key", id="a merge key"),
    pytest.param(b"? [a, b]\n: c", 1, "a plain word as key", id="a list as key"),
    pytest.param(b"{&a b: 1}", 1, "a plain word as key", id="an anchor on a key"),
    pytest.param(b"a" * 129 + b": 1", 1, "a key of 1 to 128 characters", id="a long key"),
    pytest.param(b'"": 1', 1, "a key of 1 to 128 characters", id="an empty key"),
    pytest.param(b"a: '" + b"x" * 20_001 + b"'", 1, "at most 20000 characters", id="a long text"),
    pytest.param(b"[" + b"x," * 20_001 + b"]", 1, "at most 20000 values", id="too many values"),
    pytest.param(b"a: b: c", 1, "'a: b: c'", id="two colons"),
    pytest.param(b'a: 1\nb: "x', 2, "'b: \"x'", id="an open quote"),
    pytest.param(b"%TAG ! a\n%TAG ! b\n--- a", 2, "directive", id="odd directives"),
]


@pytest.mark.parametrize(("text", "line", "says"), REFUSED)
def test_hostile_input_is_refused_with_place_and_remedy(text: bytes, line: int, says: str):
    with pytest.raises(Unreadable) as refused:
        read(text, "p.yaml")
    (problem,) = refused.value.problems
    assert problem.line == line
    assert says in str(problem)
    assert problem.do
    assert problem.where.startswith("p.yaml: ")
    assert len(str(problem)) < 500


def test_what_is_too_big_is_never_parsed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("yaml.parse", lambda *_, **__: pytest.fail("it was parsed"))
    with pytest.raises(Unreadable):
        read(b"x" * (MAX_BYTES + 1), "p.yaml")


def test_the_parser_is_stopped_at_the_first_limit(monkeypatch: pytest.MonkeyPatch):
    import yaml  # noqa: PLC0415 (patched here alone)

    taken = 0
    real = yaml.parse

    def counted(*given, **named):
        nonlocal taken
        for event in real(*given, **named):
            taken += 1
            yield event

    monkeypatch.setattr("yaml.parse", counted)
    with pytest.raises(Unreadable):
        read(b"[" * 1_000_000, "p.yaml")
    assert taken <= MAX_DEPTH + 5


VALUES = [
    pytest.param("", None, id="nothing"),
    pytest.param("~", None, id="tilde"),
    pytest.param("null", None, id="null"),
    pytest.param('""', "", id="an empty text is not blank"),
    pytest.param("true", True, id="true"),
    pytest.param("False", False, id="false"),
    pytest.param("no", "no", id="no is a text"),
    pytest.param("on", "on", id="on is a text"),
    pytest.param("42", 42, id="a whole number"),
    pytest.param("-7", -7, id="below zero"),
    pytest.param("0", 0, id="zero"),
    pytest.param("007", "007", id="leading zeros are text"),
    pytest.param("0x1f", "0x1f", id="no hexadecimal"),
    pytest.param("1_000", "1_000", id="no underscores"),
    pytest.param("9" * 18, 10**18 - 1, id="eighteen digits"),
    pytest.param("9" * 19, "9" * 19, id="nineteen digits are text"),
    pytest.param("9" * 5000, "9" * 5000, id="a number to choke on"),
    pytest.param("1.20", "1.20", id="a version keeps its zero"),
    pytest.param(".inf", ".inf", id="no infinity"),
    pytest.param("2031-12-31", "2031-12-31", id="a date is text here"),
    pytest.param('"42"', "42", id="quoted digits are text"),
    pytest.param("'true'", "true", id="quoted true is text"),
    pytest.param("12:30:45", "12:30:45", id="no base sixty"),
]


@pytest.mark.parametrize(("written", "value"), VALUES)
def test_plain_values(written: str, value: object):
    found = read(f"a: {written}".encode(), "p.yaml").value["a"]
    assert (type(found), found) == (type(value), value)


def test_every_value_has_its_line_and_column():
    document = read(b"a: 1\nb:\n  - x\n  - {c: 2}\n", "p.yaml")
    assert document.value == {"a": 1, "b": ["x", {"c": 2}]}
    assert document.place(("b", 1, "c")) == (4, 6)
    assert document.place(("b", 1, "missing", "deeper")) == (4, 5)
    assert document.place(("missing",)) == (1, 1)


def test_an_alias_stands_for_its_value():
    document = read(b"a: &x {k: [1, 2]}\nb: *x\n", "p.yaml")
    assert document.value["b"] == {"k": [1, 2]}
    assert document.place(("b", "k")) == (2, 1)


def test_an_alias_cannot_nest_deeper_than_allowed():
    deep = "[" * 10 + "]" * 10
    text = f"a: &x {deep}\nb: [[[[[[[[ *x ]]]]]]]]\n"
    with pytest.raises(Unreadable, match="at most 16 levels"):
        read(text.encode(), "p.yaml")


def test_a_byte_order_mark_and_comments_are_no_harm():
    assert read(b"\xef\xbb\xbf# hello\na: 1 # there\n", "p.yaml").value == {"a": 1}


def test_an_empty_file_is_nothing():
    assert read(b"", "p.yaml").value is None


@pytest.mark.parametrize(
    ("path", "written"),
    [
        pytest.param((), "the file", id="root"),
        pytest.param(("data", 0, "retention", "days"), "data[0].retention.days", id="deep"),
        pytest.param((2, "a"), "[2].a", id="a list at the root"),
    ],
)
def test_field_paths(path: tuple[str | int, ...], written: str):
    assert field_path(path) == written


def problems(text: bytes) -> tuple[Problem, ...]:
    try:
        read(text, "p.yaml")
    except Unreadable as refused:
        return refused.problems
    return ()


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(text: bytes):
    assert all(one.line is not None and one.do for one in problems(text))


@given(st.text(alphabet="[]{}:,-&*!|>'\"%@`#? \n\tab01~<", max_size=300))
def test_any_punctuation_is_read_or_refused(text: str):
    assert all(one.line is not None and one.do for one in problems(text.encode()))
