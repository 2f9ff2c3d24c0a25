"""What moves: data items (each an MQTT stream), events, the ecosystem around the device, suppliers, journeys."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from careful.products.surface import Ids, Names
from careful.products.vocabulary import (
    MAX_ITEMS,
    DataClass,
    DataId,
    Day,
    Days,
    FieldName,
    FieldType,
    Id,
    Name,
    Number,
    Part,
    Text,
)

FieldNames = Annotated[tuple[FieldName, ...], Field(max_length=MAX_ITEMS)]
Host = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$", max_length=253)
]
"""A host name in small letters, without scheme or port."""
Clauses = Literal["encrypt", "notify", "delete", "sub_processors", "no_reidentify", "sbom", "disclosure"]


class Retention(Part):
    """How long it is kept: a number of days. There is no word for *indefinitely*."""

    days: Days | None = None


class Deletion(Part):
    """What makes it go away, how, and what shows that it is gone."""

    trigger: Name | None = None
    method: Name | None = None
    proof: Name | None = None


class Deidentified(Part):
    """How persons were removed from it, and how many look alike in what is left (k)."""

    method: Name | None = None
    k: Annotated[int, Field(ge=1, le=10**9)] | None = None


class FieldDetail(Part):
    """What one field is allowed to say, and where it differs from its data item. What is blank here, the item says."""

    unit: Annotated[str, StringConstraints(pattern=r"^[^\x00-\x20\x7f]{1,16}$")] | None = None
    """Such as `Cel`, `%`, `hPa`, `s`: shown beside the value; nothing is converted."""
    min: Number | None = None
    """The least value that is taken."""
    max: Number | None = None
    """The greatest value that is taken."""
    max_length: Annotated[int, Field(ge=0, le=131_072)] | None = None
    """The most characters of a text, or entries of a list, that are taken."""
    personal: bool | None = None
    sensitive: bool | None = None
    purpose: Names | None = None
    retention: Retention | None = None
    recipients: Names | None = None
    consent: Literal["none", "opt_in", "parental"] | None = None


class Rate(Part):
    """How much of it one device may send in a minute, an hour or a day. More is refused."""

    messages: Annotated[int, Field(ge=1, le=10**9)] | None = None
    bytes: Annotated[int, Field(ge=1, le=10**12)] | None = None
    """Counted as the payload came."""
    per: Literal["minute", "hour", "day"] | None = None


class DataItem(Part):
    """One kind of data. Where it comes from the device, its id is the stream it is sent on."""

    id: DataId
    """The stream: the device publishes to `d/<device>/up/<id>`."""
    fields: FieldNames | None = None
    """Every field a message may have. What is not listed is refused."""
    types: Annotated[Mapping[FieldName, FieldType], Field(max_length=MAX_ITEMS)] | None = None
    """What a field holds, for those that shall be checked."""
    details: Annotated[Mapping[FieldName, FieldDetail], Field(max_length=MAX_ITEMS)] | None = None
    """Unit, range and length of a field, and where its purpose, retention, recipients or consent differ."""
    refusal: Literal["record", "field"] | None = None
    """What is refused for one field at fault: the whole record (as when blank), or that field alone."""
    rate: Rate | None = None
    """How much of it one device may send."""
    time: FieldName | None = None
    """The field that says when the record was made: RFC 3339, or seconds, milli- or microseconds since 1970."""
    data_class: DataClass | None = Field(default=None, alias="class")
    personal: bool | None = None
    sensitive: bool | None = None
    purpose: Names | None = None
    feature: Id | None = None
    """The feature that needs it."""
    source: Id | None = Field(default=None, alias="from")
    """Where it arises: `device` (as when blank), or an element of the ecosystem; then it is no stream."""
    to: Ids | None = None
    """Elements of the ecosystem it goes to."""
    recipients: Names | None = None
    """Who gets it, beside the owner; `[]` when nobody does."""
    legal_basis: Name | None = None
    consent: Literal["none", "opt_in", "parental"] | None = None
    at_rest: Name | None = None
    in_transit: Name | None = None
    access_roles: Names | None = None
    retention: Retention | None = None
    deletion: Deletion | None = None
    deidentified: Deidentified | None = None
    telemetry: bool | None = None
    """It serves the maker's own view of the fleet."""
    needed_by: Annotated[Mapping[Name, Name], Field(max_length=MAX_ITEMS)] | None = None
    """Team -> signature of those who say that they need it."""


class EventItem(Part):
    """Something the device may say happened: it publishes to `d/<device>/event/<name>`."""

    name: DataId
    fields: FieldNames | None = None
    types: Annotated[Mapping[FieldName, FieldType], Field(max_length=MAX_ITEMS)] | None = None
    personal: bool | None = None
    purpose: Names | None = None
    consent: Literal["none", "opt_in", "parental"] | None = None
    access_roles: Names | None = None
    retention: Retention | None = None
    feature: Id | None = None


class Edge(Part):
    """One permitted conversation."""

    to: Id | None = None
    """The element at the other end: `device`, or an id of the ecosystem."""
    protocol: Name | None = None
    """Such as `https`, `mqtt`, `dns`, `ntp`, `tcp`, `udp`, `ble`."""
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    auth: Name | None = None
    data: Annotated[tuple[DataId, ...], Field(max_length=MAX_ITEMS)] | None = None
    direction: Literal["out", "in", "both"] | None = None
    """Who opens the conversation, seen from the element that lists the edge."""


class Element(Part):
    """Something the product talks with, or that talks with it."""

    id: Id
    kind: Literal["device", "app", "cloud", "hub", "partner", "neighbour"] | None = None
    owner: Name | None = None
    hosts: Annotated[tuple[Host, ...], Field(max_length=MAX_ITEMS)] | None = None
    """Names on the network, for the MUD file."""
    edges: Annotated[tuple[Edge, ...], Field(max_length=MAX_ITEMS)] | None = None


class Contract(Part):
    """What a supplier has signed."""

    signed: Day | None = None
    clauses: Annotated[tuple[Clauses, ...], Field(max_length=MAX_ITEMS)] | None = None
    until: Day | None = None


class Evidence(Part):
    """Something on file that shows a supplier's security, and until when it counts."""

    kind: Name | None = None
    until: Day | None = None


class Supplier(Part):
    """A company that provides a part or gets data."""

    id: Id
    provides: Text | None = None
    data: Annotated[tuple[DataId, ...], Field(max_length=MAX_ITEMS)] | None = None
    contract: Contract | None = None
    evidence: Annotated[tuple[Evidence, ...], Field(max_length=MAX_ITEMS)] | None = None


class Journey(Part):
    """A way a person goes through the product's life: unbox, pair, share, resell, reset, end."""

    id: Id
    steps: Annotated[tuple[Text, ...], Field(max_length=MAX_ITEMS)] | None = None
    features: Ids | None = None
