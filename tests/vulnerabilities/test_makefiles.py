"""The language of makefiles: what Kbuild's lists use of it, and what is left unread."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.vulnerabilities.makefiles import assignment, expand, lines

KNOWN = {"BITS": "64", "src": "drivers/x", "objs": "a.o b.o", "vdso-y": "one.o"}


def test_lines_are_joined_and_bare():
    text = "# a remark\nobj-y += a.o \\\n  b.o # and why\n\t@echo a recipe\n\nx := 1\n"
    assert [line.split() for line in lines(text)] == [["obj-y", "+=", "a.o", "b.o"], ["x", ":=", "1"]]


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("obj-y += a.o", ("obj-y", "+=", "a.o")),
        ("obj-$(subst m,y,$(CONFIG_X)) := a.o", ("obj-$(subst m,y,$(CONFIG_X))", ":=", "a.o")),
        ("export X = 1", ("X", " =", "1")),
        ("all: vmlinux", None),
    ],
)
def test_assignments(line, read):
    assert assignment(line) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        pytest.param("entry_$(BITS).o ${src}/", "entry_64.o drivers/x/", id="variables"),
        pytest.param("$(nobody-y) a.o", " a.o", id="a list that nobody made is empty"),
        pytest.param("$(addprefix lib/, a.o b.o)", "lib/a.o lib/b.o", id="addprefix"),
        pytest.param("$(addprefix ../,$(objs))", "../a.o ../b.o", id="of a variable"),
        pytest.param("$(addsuffix .o, a b)", "a.o b.o", id="addsuffix"),
        pytest.param("$(patsubst %.o,x-%.o,$(objs) c.h)", "x-a.o x-b.o c.h", id="patsubst"),
        pytest.param("$(vdso-y:.o=-x32.o)", "one-x32.o", id="an end replaced"),
        pytest.param("$(objs:%=v-%)", "v-a.o v-b.o", id="a pattern replaced"),
        pytest.param("$(filter-out a.o,$(objs))", "b.o", id="left out by name"),
        pytest.param("$(strip $(subst a,c, $(objs)))", "c.o b.o", id="one in another"),
        pytest.param("$(shell ls) $(UNKNOWN)", "$(shell ls) $(UNKNOWN)", id="left unread"),
        pytest.param("$(call cc-option,-m$(BITS))", "$(call cc-option,-m64)", id="left unread, but for what is inside"),
        pytest.param("$(open a.o", "$(open a.o", id="not closed"),
    ],
)
def test_expanding(text, read):
    assert expand(text, KNOWN) == read


def test_one_that_grows_without_end_is_given_up():
    assert "$" in expand("$(a)", {"a": "$(a) $(a)"})


@given(st.text("$(){}:=%, ab", max_size=60))
def test_nothing_breaks_it(text):
    assert isinstance(expand(text, KNOWN), str)
