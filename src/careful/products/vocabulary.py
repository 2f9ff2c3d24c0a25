"""The words a declaration is made of: identifiers, texts, numbers, and the frozen `Part` that every section is.

A blank field is None and means *unknown*. No field has any other default, so nothing is ever taken for No by omission.
"""

import re
from datetime import date
from math import isfinite
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

MAX_ITEMS = 500
"""The most entries any list in a declaration may have."""


class Part(BaseModel):
    """A section of the declaration: frozen, strict about types, and without room for unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)


ProductId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}$")]
"""Names the product in addresses and topics: `cam-1`."""

DataId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""Names a data item (which is an MQTT stream) or an event."""

FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
"""Names one field of a message."""

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""Names anything else that other parts point at: an interface, a feature, a supplier."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""A short text on one line."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
"""A longer text."""

Market = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]
"""Where it is sold: a country (ISO 3166-1), `EU`, `UK`, or a state such as `US-CA` (ISO 3166-2)."""

_DECIMAL = r"^-?[0-9]{1,15}(\.[0-9]{1,9})?$"
_MOST = 10**15


def _number(value: Any) -> int | float:  # noqa: ANN401 (whatever stands in the file)
    """Take a whole number, or a decimal number, which the file's reader gives us as text (1.20 may be a version)."""
    if isinstance(value, str) and re.fullmatch(_DECIMAL, value):
        value = float(value) if "." in value else int(value)
    if type(value) in {int, float} and isfinite(value) and abs(value) <= _MOST:
        return value  # type: ignore[no-any-return]
    raise PydanticCustomError("number", "a number")


Number = Annotated[
    int | float,
    PlainValidator(_number),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": _DECIMAL}]}),
]
"""A number, whole or decimal: `-40`, `0.5`."""

Count = Annotated[int, Field(ge=0, le=10**12)]
Days = Annotated[int, Field(ge=0, le=36500)]
Years = Annotated[int, Field(ge=0, le=100)]
Day = Annotated[date, Field(ge=date(1990, 1, 1), le=date(2200, 1, 1))]

Protocol = Literal[
    "ip", "ethernet", "wifi", "ble", "bluetooth", "zigbee", "zwave", "thread", "matter", "lora", "cellular"
]
Reach = Literal["internet", "lan", "near", "physical"]
"""From how far an interface can be touched: anywhere, the home network, a few metres, by hand."""

FieldType = Literal["integer", "number", "text", "boolean", "list", "object"]
"""What a field of a message holds."""

DataClass = Literal[
    "video_home",
    "audio",
    "location",
    "health",
    "biometric",
    "child",
    "credential",
    "payment",
    "contact",
    "diagnostics",
    "usage",
    "settings",
    "state",
    "other",
]
INTIMATE: frozenset[str] = frozenset({"video_home", "audio", "location", "health", "biometric", "child"})
"""Classes of data that show how a person lives."""
