"""From bytes to a declaration, or to a list of what is wrong: file, line, field, expected, found, what to do."""

from collections.abc import Iterator
from datetime import date
from difflib import get_close_matches
from itertools import chain, islice
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from careful.kernel.database import canonical_json
from careful.kernel.errors import Invalid, Problem
from careful.products.contradictions import contradictions
from careful.products.declaration import BUILT_IN_EVENTS, Declaration
from careful.products.flows import DataItem, EventItem
from careful.products.reading import Document, Path, field_path, read

MAX_PROBLEMS = 100
"""More are not shown at once."""

_SHOWN = 60
_INDEFINITE = frozenset({"indefinite", "indefinitely", "forever", "unlimited", "permanent", "always"})


def parse(text: bytes, name: str = "product.yaml") -> Declaration:
    """Read a declaration. Raises Invalid with a problem for each place (Unreadable where it is no YAML)."""
    document = read(text, name)
    declaration, problems = validate(document)
    if declaration is None:
        count = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise Invalid(
            f"{name} is no declaration yet: {count}.",
            do=f"Mend what is listed, then run: careful check {name}",
            where=f"{name}:{problems[0].line}",
            problems=problems,
        )
    return declaration


def validate(document: Document) -> tuple[Declaration | None, tuple[Problem, ...]]:
    """Return the declaration, or None and what stands in its way."""
    if not isinstance(document.value, dict):
        kind = "nothing" if document.value is None else _kind(document.value)
        return None, (
            _problem(document, (), "a mapping that starts with `schema: product/1`", kind, "Run: careful init"),
        )
    try:
        # As JSON, because pydantic's strict mode there means what a file can say: an array for a tuple, ISO dates.
        declaration = Declaration.model_validate_json(canonical_json(document.value))
    except ValidationError as failure:
        details = failure.errors(include_url=False, include_context=True)
        return None, tuple(islice((_explain(document, one) for one in details), MAX_PROBLEMS))
    wrong = chain(_twins(document, declaration), _contradictions(document, declaration))
    problems = tuple(islice(wrong, MAX_PROBLEMS))
    return (None, problems) if problems else (declaration, ())


def _twins(document: Document, declaration: Declaration) -> Iterator[Problem]:
    """Find ids used twice, and types for fields that do not exist."""
    lists: dict[str, tuple[str, ...]] = {
        "interfaces": tuple(one.id for one in declaration.interfaces or ()),
        "ecosystem": tuple(one.id for one in declaration.ecosystem or ()),
        "data": tuple(one.id for one in declaration.data or ()),
        "suppliers": tuple(one.id for one in declaration.suppliers or ()),
        "journeys": tuple(one.id for one in declaration.journeys or ()),
        "environments": tuple(one.id for one in declaration.environments or ()),
        "events": tuple(one.name for one in declaration.events or ()),
    }
    for section, ids in lists.items():
        key = "name" if section == "events" else "id"
        first: dict[str, int] = {}
        for index, one in enumerate(ids):
            if one in first:
                where = document.place((section, first[one], key))[0]
                yield _problem(
                    document,
                    (section, index, key),
                    f"an {key} of its own",
                    f"{one} again (line {where})",
                    "Rename one.",
                )
            first.setdefault(one, index)
    for index, event in enumerate(declaration.events or ()):
        if event.name in BUILT_IN_EVENTS:
            yield _problem(
                document,
                ("events", index, "name"),
                "a name of your own",
                event.name,
                "Every device may send this one already. Remove it here.",
            )
    messages: dict[str, tuple[DataItem | EventItem, ...]] = {
        "data": declaration.data or (),
        "events": declaration.events or (),
    }
    for section, items in messages.items():
        for index, item in enumerate(items):
            for field in sorted(set(item.types or ()) - set(item.fields or ())):
                yield _problem(
                    document,
                    (section, index, "types", field),
                    "a field listed in `fields`",
                    field,
                    "Add it, or remove it.",
                )


def _contradictions(document: Document, declaration: Declaration) -> Iterator[Problem]:
    for index, item in enumerate(declaration.data or ()):
        for one in contradictions(item, ("data", index)):
            yield _problem(document, one.path, one.expected, one.found, one.do)


def _explain(document: Document, error: ErrorDetails) -> Problem:
    path: Path = tuple(error["loc"])
    # A mapping's key that is wrong is reported under "[key]"; the key itself is the place.
    path = path[:-1] if path and path[-1] == "[key]" else path
    kind, context, value = error["type"], error.get("ctx", {}), error["input"]
    found = "nothing" if kind == "missing" else show(value)
    expected, do = _expected(kind, context, path, value)
    if kind == "extra_forbidden":
        found = f"`{path[-1]}`"
    return _problem(document, path, expected, found, do)


_PLAIN = {
    "bool_type": ("true, false, or blank for unknown", "Write true or false; leave it blank if you do not know."),
    "int_type": ("a whole number", "Write it in digits, without quotes or a unit."),
    "date_type": ("a date such as 2031-12-31", "Write year-month-day."),
    "date_parsing": ("a date such as 2031-12-31", "Write year-month-day."),
    "date_from_datetime_parsing": ("a date such as 2031-12-31", "Write year-month-day."),
    "tuple_type": ("a list", "Write `[one, two]`, or lines that start with `- `."),
    "model_type": ("a section with named fields", "Write `name: value` lines under it."),
    "dict_type": ("a section with named values", "Write `name: value` lines under it."),
    "mapping_type": ("a section with named values", "Write `name: value` lines under it."),
    "number": ("a number", "Write it in digits, such as -40 or 0.5, at most 15 before the point and 9 after."),
    "string_too_short": ("text", "Write something, or leave it blank for unknown."),
}
_BOUNDS = {
    "string_too_long": ("at most {max_length} characters", "Shorten it."),
    "too_long": ("at most {max_length} entries", "Shorten the list."),
    "greater_than_equal": ("at least {ge}", "See: careful product schema"),
    "less_than_equal": ("at most {le}", "See: careful product schema"),
}


def _expected(kind: str, context: dict[str, Any], path: Path, value: object) -> tuple[str, str]:
    """Say what would have been right, and what to do, in the words of the file and not of the validator."""
    if path and path[-1] in {"retention", "days"} and str(value).strip().lower() in _INDEFINITE:
        return (
            "a number of days",
            "'Indefinite' is no value (M4). Decide how long it is needed: `retention: {days: 30}`.",
        )
    match kind:
        case "missing":
            said = ("a value", f"Add `{path[-1]}:`.")
        case "extra_forbidden":
            see = "Remove it, or see: careful product schema"
            said = ("a field that we know", _did_you_mean(path[-1], known_fields(path[:-1])) or see)
        case "literal_error":
            choices = str(context.get("expected", "")).replace("'", "")
            near = _did_you_mean(value, choices.replace(" or ", ", ").split(", "))
            said = (f"one of {choices}", near or "Choose one, or leave it blank for unknown.")
        case "string_type":
            said = ("text", "Put it in quotes." if isinstance(value, (int, bool)) else "Write one text.")
        case "string_pattern_mismatch":
            said = _pattern(str(context.get("pattern", "")))
        case _ if kind in _BOUNDS:
            expected, do = _BOUNDS[kind]
            said = (expected.format_map({key: _plain(one) for key, one in context.items()}), do)
        case _:
            said = _PLAIN.get(kind, ("a value that fits the schema", "See: careful product schema"))
    return said


def _did_you_mean(found: object, choices: list[str]) -> str:
    near = get_close_matches(str(found), choices, n=1)
    return f"Did you mean `{near[0]}`?" if near else ""


def _pattern(pattern: str) -> tuple[str, str]:
    known = {
        "^[a-z0-9-]{1,32}$": ("1 to 32 small letters, digits or hyphens", "Such as cam-1."),
        "^[A-Za-z0-9_-]{1,64}$": ("1 to 64 letters, digits, hyphens or underscores", "Such as video_motion."),
        "^[A-Za-z0-9_.-]{1,64}$": ("1 to 64 letters, digits, dots, hyphens or underscores", "Such as temperature_c."),
        "^[^\\x00-\\x20\\x7f]{1,16}$": ("a unit of 1 to 16 characters without a space", "Such as Cel, %, hPa or s."),
        "^[A-Z]{2}(-[A-Z0-9]{1,3})?$": (
            "a market such as US, US-CA, EU or UK",
            "Write the country's code in capitals.",
        ),
    }
    if pattern in known:
        return known[pattern]
    if "\\." in pattern:
        return "a host name in small letters", "Leave out scheme, port and path."
    return "text on one line", "Remove line breaks and control characters."


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def known_fields(path: Path) -> list[str]:
    """Return the names that a section of the declaration may hold; [] where `path` leads to no section."""
    model: type[BaseModel] | None = Declaration
    keyed = False  # the next step is a key of a mapping, which the file's writer chose
    for step in path:
        if isinstance(step, int) or keyed:
            keyed = False
            continue
        if model is None:
            return []
        found = next((one for name, one in model.model_fields.items() if step in {name, one.alias}), None)
        model = None if found is None else _model_in(found.annotation)
        keyed = found is not None and "Mapping[" in str(found.annotation)
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def _model_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 (a type form has no common type)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for one in get_args(annotation) if (found := _model_in(one))), None)


def show(value: object) -> str:
    """Write a value that was found, short enough for one line."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value) if isinstance(value, str) else _kind(value) if isinstance(value, (list, dict)) else str(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _kind(value: object) -> str:
    if isinstance(value, list):
        return "a list"
    return "a section" if isinstance(value, dict) else "a text"


def _problem(document: Document, path: Path, expected: str, found: str, do: str) -> Problem:
    where = f"{document.name}: {field_path(path)}"
    return Problem(where=where, line=document.place(path)[0], expected=expected, found=found, do=do)
