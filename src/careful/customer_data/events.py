"""What can happen to customers' data. Ids, counts and dates only: never a value, never who somebody is."""

from dataclasses import dataclass
from datetime import datetime

from careful.kernel.ledger import Event, event


@event("customer_data.epoch_began", subject="epoch/{epoch}")
@dataclass(frozen=True, slots=True, kw_only=True)
class EpochBegan(Event):
    """A new key wraps customers' keys from now on; the one before is destroyed once all are under the new one."""

    epoch: int
    ends: datetime


@event("customer_data.customer_began", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerBegan(Event):
    """A customer's time with a device began: a key of their own was made, before anything personal was stored."""

    device: str
    product: str
    customer: str


@event("customer_data.consent_given", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGiven(Event):
    """The device's customer, or a child's parent (`kind` parental), agreed to one kind of data; `method`: how."""

    device: str
    product: str
    item: str
    kind: str
    method: str


@event("customer_data.consent_withdrawn", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWithdrawn(Event):
    """A consent holds no more: it was taken back, or the customer's time with the device ended (`why`)."""

    device: str
    product: str
    item: str
    kind: str
    why: str


@event("customer_data.data_began", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DataBegan(Event):
    """The first record with personal fields of this data item was taken from this device's present customer.

    Noted for data that waits for a consent, and for all personal data of products for children.
    """

    device: str
    product: str
    item: str


@event("customer_data.refused", subject="product/{product}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DataRefused(Event):
    """In this period devices on this release sent a field (or a whole record) that was not taken.

    `kind` says why, `count` how often, of which `left_out` left the rest of the record in; `devices` how many sent it.
    """

    product: str
    release: str
    item: str
    field: str
    kind: str
    count: int
    left_out: int
    devices: int
    since: datetime
    until: datetime


@event("customer_data.observed", subject="product/{product}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DataObserved(Event):
    """In this period so many records were taken, with these fields (`item.field`), all of them declared."""

    product: str
    records: int
    fields: tuple[str, ...]
    since: datetime
    until: datetime


@event("customer_data.customer_ended", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerEnded(Event):
    """A customer's time with a device ended and their key was destroyed; by `due` no copy of it is of use any more.

    `why`: asked, transfer, reset, retired, key lost. `customer` is empty where nothing personal was stored.
    """

    device: str
    product: str
    customer: str
    why: str
    epoch: int | None
    due: datetime | None
    receipt: str


@event("customer_data.records_swept", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsSwept(Event):
    """What a device had sent in an ended customer's time was deleted from the store, and has left its files."""

    device: str
    product: str
    receipt: str
    records: int


@event("customer_data.epoch_destroyed", subject="epoch/{epoch}")
@dataclass(frozen=True, slots=True, kw_only=True)
class EpochDestroyed(Event):
    """An epoch's key was destroyed, after all living customers' keys were put under the next; `due` was promised."""

    epoch: int
    due: datetime


@event("customer_data.age_measured", subject="stream/{product}/{stream}")
@dataclass(frozen=True, slots=True, kw_only=True)
class AgeMeasured(Event):
    """How old the oldest record of a stream in a store is (none: nothing is there), and for how long it may be kept.

    With `field`, of the records that still hold that field. `limit_days` is none where the product file has no number.
    """

    product: str
    stream: str
    field: str
    store: str
    personal: bool
    oldest: datetime | None
    limit_days: int | None
    as_of: datetime


@event("customer_data.expired_deleted", subject="customer-data")
@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiredDeleted(Event):
    """Since this was last told, so many records were deleted because their time was over, or had fields taken out."""

    records: int
    fields: int


@event("customer_data.was_read", subject="product/{product}")
@dataclass(frozen=True, slots=True, kw_only=True)
class WasRead(Event):
    """Somebody read what devices said, for a declared purpose: so often, so many records, of which fields."""

    product: str
    stream: str
    reader: str
    purpose: str
    reads: int
    records: int
    devices: int
    fields: tuple[str, ...]
    withheld: tuple[str, ...]
    personal: bool
    since: datetime
    until: datetime


@event("customer_data.bulk_read_stopped", subject="reader/{reader}")
@dataclass(frozen=True, slots=True, kw_only=True)
class BulkReadStopped(Event):
    """Somebody began to read the personal values of more devices in so many minutes than the limit; it was refused."""

    reader: str
    devices: int
    minutes: int
    limit: int


@event("customer_data.removal_proposed", subject="product/{product}")
@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalProposed(Event):
    """A field has been collected for 90 days or more and nobody read it in that time: collect it no more."""

    product: str
    stream: str
    field: str
    since: datetime
    read_at: datetime | None


@event("customer_data.use_measured", subject="product/{product}")
@dataclass(frozen=True, slots=True, kw_only=True)
class UseMeasured(Event):
    """What a product collects: so many fields, and which of them have no purpose, recipients or role, or no reader."""

    product: str
    fields: int
    personal: int
    without_purpose: tuple[str, ...]
    without_recipients: tuple[str, ...]
    without_role: tuple[str, ...]
    unread: tuple[str, ...]
    as_of: datetime


@event("customer_data.deletion_proved", subject="customer-data")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionProved(Event):
    """A planted value was deleted and looked for in so many files and tables, and backups; `found` is what was left.

    What backups hold can be opened until `due` by whoever also has the key of the epoch. `searched` and `unsearched`
    say in words where it was looked for, and where it could not be.
    """

    proof: str
    store: str
    held: bool
    places: int
    backups: int
    found: tuple[str, ...]
    epoch: int
    due: datetime | None
    as_of: datetime
    searched: tuple[str, ...]
    unsearched: tuple[str, ...]


@event("customer_data.keys_lost", subject="epoch/{epoch}")
@dataclass(frozen=True, slots=True, kw_only=True)
class KeysLost(Event):
    """The key of an epoch is not here and will not come back: its customers' time ended, what was sealed is lost."""

    epoch: int
    customers: int


@event("customer_data.request_opened", subject="request/{request}")
@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOpened(Event):
    """A customer asked for something (`kind`: access, export, correct, delete); it is due by `law`."""

    request: str
    device: str
    product: str
    kind: str
    law: str
    due: datetime


@event("customer_data.request_extended", subject="request/{request}")
@dataclass(frozen=True, slots=True, kw_only=True)
class RequestExtended(Event):
    """A request takes longer, for a reason that is kept beside it and told to the customer."""

    request: str
    device: str
    product: str
    due: datetime


@event("customer_data.request_proven", subject="request/{request}")
@dataclass(frozen=True, slots=True, kw_only=True)
class RequestProven(Event):
    """Whoever made a request proved to be the customer: by the device, its signature, e-mail, or staff's judgement."""

    request: str
    device: str
    product: str
    method: str


@event("customer_data.request_code_failed", subject="request/{request}")
@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCodeFailed(Event):
    """Wrong codes were given for a request, so often that the code that was sent is void."""

    request: str
    device: str
    product: str
    tries: int


@event("customer_data.request_overdue", subject="request/{request}")
@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOverdue(Event):
    """A request was not answered when it was due."""

    request: str
    device: str
    product: str
    kind: str
    due: datetime


@event("customer_data.request_closed", subject="request/{request}")
@dataclass(frozen=True, slots=True, kw_only=True)
class RequestClosed(Event):
    """A request was answered or refused (`outcome`); `receipt` is that of a deletion, `digest` that of an export."""

    request: str
    device: str
    product: str
    kind: str
    outcome: str
    in_time: bool
    records: int
    digest: str
    receipt: str


@event("customer_data.exported", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DataExported(Event):
    """A customer's data was made into a file for them: so many records, its digest, until when it can be fetched."""

    device: str
    product: str
    export: str
    records: int
    digest: str
    until: datetime


@event("customer_data.export_fetched", subject="request/{request}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFetched(Event):
    """The file that a customer asked for was fetched, to be handed to them."""

    request: str
    device: str
    product: str
    digest: str


@event("customer_data.export_removed", subject="request/{request}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRemoved(Event):
    """The file that was made for a customer is gone: its time was over, or the customer's."""

    request: str
    device: str
    product: str


@event("customer_data.deidentified", subject="product/{product}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DataDeidentified(Event):
    """A de-identified set was measured for a recipient, and handed out (`released`) or refused for its k.

    `k` is the fewest persons who look alike; `unique_percent` the share of rows of persons who are alone; `low` the
    fields that made it low; `planted` how many rows are of persons who do not exist.
    """

    export: str
    product: str
    stream: str
    recipient: str
    released: bool
    records: int
    left_out: int
    k: int
    wanted: int
    unique_percent: float
    low: tuple[str, ...]
    planted: int
    digest: str


@event("customer_data.copy_found", subject="product/{product}")
@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFound(Event):
    """Something of a set that was handed to `recipient` turned up elsewhere: told by its marks, addresses or rows."""

    export: str
    recipient: str
    product: str
    by: str
