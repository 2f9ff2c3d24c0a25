"""Readings at rest in PostgreSQL: one table partitioned by day, and how far each source of them has been moved.

On SQLite these tables stay empty: there the inbox file itself is the store.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    any_,
    literal,
    select,
    text,
)
from sqlalchemy import Sequence as NumberSequence
from sqlalchemy.dialects.postgresql import ARRAY

from careful.kernel.copying import BY_DAY, COUNTER
from careful.kernel.database import Moment, metadata, upsert
from careful.kernel.inbox import Message

reading = Table(
    "customer_data_reading",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # grows within each device
    Column("at", Moment, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("packet", Integer, nullable=False),
    Column("resend", Boolean, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    postgresql_partition_by="RANGE (at)",
    info={BY_DAY: "at", COUNTER: "customer_data_reading_number"},
)
Index(
    "ix_customer_data_reading_resent",
    reading.c.device,
    postgresql_where=reading.c.resend,
    sqlite_where=reading.c.resend,
)
moved = Table(
    "customer_data_moved",
    metadata,
    Column("source", String(80), primary_key=True),
    Column("place", BigInteger, nullable=False),  # the last one moved: a number of the stream, or of the inbox file
)
writer = Table(
    "customer_data_writer",
    metadata,
    Column("source", String(80), primary_key=True),
    Column("writer", String(32), primary_key=True),
    Column("number", BigInteger, nullable=False),  # of its last block moved
    Column("at", Moment, nullable=False),
)
settled = Table(
    "customer_data_settled",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("number", BigInteger, nullable=False),
)
taken = Table(
    "customer_data_taken",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("packet", Integer, primary_key=True, autoincrement=False),  # an identifier of MQTT's QoS 2 that is taken
)
known = Table(
    "customer_data_known",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("topic", String(128), primary_key=True),
    Column("record", LargeBinary, primary_key=True),  # the name that the sender gave it
    Column("at", Moment, nullable=False, index=True),
)
struck = Table(
    "customer_data_struck",
    metadata,
    Column("product", String(64), primary_key=True),
    Column("topic", String(128), primary_key=True),
    Column("field", String(128), primary_key=True),
    Column("at", Moment, nullable=False),  # up to here the field has been taken out
)
numbers = NumberSequence("customer_data_reading_number", metadata=metadata)
NAME = "customer_data_reading"
_TURN = 0x44415953  # "DAYS"
_COPY = f"COPY {NAME} (device, number, at, topic, packet, resend, digest, payload) FROM STDIN (FORMAT BINARY)"
_COLUMNS = ("text", "int8", "timestamptz", "text", "int4", "bool", "bytea", "bytea")
_HELD = text("SELECT source, place FROM customer_data_moved WHERE source = ANY(:names) FOR UPDATE SKIP LOCKED")
_NEWEST = text("""
    SELECT wanted.device, wanted.topic, wanted.packet, found.at, found.digest, found.payload
    FROM unnest(:devices ::text[], :topics ::text[], :packets ::int[]) AS wanted (device, topic, packet)
    CROSS JOIN LATERAL (
        SELECT * FROM (
            SELECT * FROM customer_data_reading r WHERE r.device = wanted.device AND r.at >= :since
            AND r.number > coalesce((SELECT s.number FROM customer_data_settled s WHERE s.device = wanted.device), 0)
            ORDER BY r.number DESC LIMIT :among
        ) newest
        WHERE newest.topic = wanted.topic AND newest.packet = wanted.packet ORDER BY newest.number DESC LIMIT 1
    ) found
""")
_RESENT = text("""
    SELECT device, topic, packet, at, digest, payload FROM customer_data_reading
    WHERE resend AND device = ANY(:devices) AND at >= :since ORDER BY number
""")
_LOOK_AGAIN = text("""
    UPDATE customer_data_struck SET at = late.at - interval '1 microsecond'
    FROM unnest(:topics ::text[], :moments ::timestamptz[]) AS late (topic, at)
    WHERE customer_data_struck.topic = late.topic AND customer_data_struck.at >= late.at
""")
_PARTITIONS = text("""
    SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
    JOIN pg_class parent ON parent.oid = inhparent WHERE parent.relname = :name AND parent.relkind = 'p'
""")


def prepare(connection: Connection, sources: Sequence[str]) -> None:
    """Make the rows by which sources are held."""
    upsert(connection, moved, [{"source": one, "place": 0} for one in sources], ["source"], change=[])


def held(connection: Connection, sources: Sequence[str]) -> dict[str, int]:
    """Hold those of `sources` that no other worker holds, until the transaction ends; return how far each has come."""
    return {row.source: row.place for row in connection.execute(_HELD, {"names": list(sources)})}


def set_place(connection: Connection, source: str, place: int) -> None:
    """Note how far a source has been moved."""
    connection.execute(moved.update().where(moved.c.source == source).values(place=place))


def writers(connection: Connection, source: str) -> dict[str, int]:
    """Return the number of the last block moved of each writer."""
    rows = connection.execute(select(writer.c.writer, writer.c.number).where(writer.c.source == source))
    return {row.writer: row.number for row in rows}


def set_writers(connection: Connection, source: str, last: Mapping[str, int], now: datetime) -> None:
    """Note the last block of writers."""
    rows = [{"source": source, "writer": one, "number": number, "at": now} for one, number in last.items()]
    upsert(connection, writer, rows, ["source", "writer"])


def forget_writers(connection: Connection, before: datetime) -> int:
    """Forget writers of whom nothing has come since."""
    return connection.execute(writer.delete().where(writer.c.at < before)).rowcount


def take_numbers(connection: Connection, count: int) -> list[int]:
    """Return `count` numbers, each greater than all that were given before."""
    query = text("SELECT nextval('customer_data_reading_number') FROM generate_series(1, :count)")
    return [row[0] for row in connection.execute(query, {"count": count})]


def copy(connection: Connection, rows: Iterable[tuple[int, Message]]) -> None:
    """Add numbered messages."""
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(_COPY) as into:
        into.set_types(_COLUMNS)
        for number, one in rows:
            into.write_row(
                (one.device, number, moment(one.at), one.topic, one.packet, one.resend, one.digest, one.payload)
            )


def set_settled(connection: Connection, rows: Mapping[str, int]) -> None:
    """Note up to which number devices have settled what they sent."""
    upsert(connection, settled, [{"device": one, "number": number} for one, number in rows.items()], ["device"])


def taken_by(connection: Connection, devices: Collection[str]) -> set[tuple[str, int]]:
    """Return the packet identifiers of QoS 2 that devices hold."""
    rows = connection.execute(select(taken.c.device, taken.c.packet).where(taken.c.device.in_(devices)))
    return {(row.device, row.packet) for row in rows}


def set_taken(connection: Connection, now: Collection[tuple[str, int]], freed: Collection[tuple[str, int]]) -> None:
    """Note which packet identifiers of QoS 2 are taken now, and which are free again."""
    for device in sorted({device for device, _ in freed}):
        packets = sorted(packet for one, packet in freed if one == device)
        connection.execute(taken.delete().where(taken.c.device == device, taken.c.packet.in_(packets)))
    if now:
        connection.execute(taken.insert(), [{"device": device, "packet": packet} for device, packet in sorted(now)])


def known_of(connection: Connection, names: Collection[tuple[str, str, bytes]]) -> set[tuple[str, str, bytes]]:
    """Return those of the records' names (device, topic, name) that are known."""
    query = select(known.c.device, known.c.topic, known.c.record)
    rows = connection.execute(query.where(known.c.record.in_([record for _, _, record in names])))
    return {(row.device, row.topic, bytes(row.record)) for row in rows} & set(names)


def set_known(connection: Connection, named: Mapping[tuple[str, str, bytes], int]) -> None:
    """Note records' names, with when each came, in microseconds."""
    rows = [
        {"device": one, "topic": topic, "record": name, "at": moment(at)} for (one, topic, name), at in named.items()
    ]
    if rows:
        connection.execute(known.insert(), rows)


def forget_known(connection: Connection, before: datetime) -> int:
    """Forget the names of records that came before a moment."""
    return connection.execute(known.delete().where(known.c.at < before)).rowcount


def newest_like(connection: Connection, wanted: Collection[Message], since: int, among: int) -> Iterator[Message]:
    """Return the newest unsettled message with the topic and packet identifier of each of `wanted`."""
    given = {
        "devices": [one.device for one in wanted], "topics": [one.topic for one in wanted],
        "packets": [one.packet for one in wanted], "since": moment(since), "among": among,
    }  # fmt: skip
    return map(_message, connection.execute(_NEWEST, given))


def resent_since(connection: Connection, devices: Collection[str], since: int) -> Iterator[Message]:
    """Return what devices sent again since a moment."""
    return map(_message, connection.execute(_RESENT, {"devices": list(devices), "since": moment(since)}))


def _message(row: Any) -> Message:  # noqa: ANN401 (a row of a textual statement has no type)
    payload, digest = bytes(row.payload), bytes(row.digest)
    return Message(row.device, row.topic, payload, int(row.at.timestamp() * 1_000_000), row.packet, True, digest)


def days(connection: Connection) -> list[date]:
    """Return the days that have a partition, oldest first."""
    found = connection.execute(_PARTITIONS, {"name": NAME})
    return sorted(date.fromisoformat(row.relname.rpartition("_")[2]) for row in found)


def add_day(connection: Connection, day: date) -> None:
    """Make a day's partition; whoever makes another one waits."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _TURN})
    bounds = f"FROM ('{day}T00:00:00Z') TO ('{day + timedelta(days=1)}T00:00:00Z')"
    connection.execute(text(f"CREATE TABLE IF NOT EXISTS {table_of(day)} PARTITION OF {NAME} FOR VALUES {bounds}"))


def drop_day(connection: Connection, day: date) -> int:
    """Drop a day whole; return how many messages went with it."""
    count = connection.execute(text(f"SELECT count(*) FROM {table_of(day)}")).scalar_one()  # noqa: S608
    connection.execute(text(f"DROP TABLE IF EXISTS {table_of(day)}"))
    return int(count)


def table_of(day: date) -> str:
    """Return the name of a day's partition."""
    return f"{NAME}_{day:%Y%m%d}"


def sources_of(connection: Connection, day: date) -> list[tuple[str, str, datetime]]:
    """Return who said something on a day: device, topic, and when first. Reads the whole day."""
    rows = connection.execute(text(f"SELECT device, topic, min(at) FROM {table_of(day)} GROUP BY device, topic"))  # noqa: S608
    return [(row[0], row[1], row[2].astimezone(UTC)) for row in rows]


def moment(micros: int) -> datetime:
    """Return a moment of microseconds since 1970."""
    return datetime.fromtimestamp(micros / 1e6, UTC)


def read(
    connection: Connection,
    device: str,
    topics: Collection[str] | None,
    since: datetime | None,
    until: datetime | None,
    before: int | None,
    most: int,
) -> list[tuple[str, str, datetime, bytes, int]]:
    """Return a device's messages, newest first: device, topic, moment, payload, number."""
    columns = (reading.c.device, reading.c.topic, reading.c.at, reading.c.payload, reading.c.number)
    query = select(*columns).where(reading.c.device == device)
    if topics is not None:
        query = query.where(reading.c.topic.in_(sorted(topics)))
    if before is not None:
        query = query.where(reading.c.number < before)
    if since is not None:
        query = query.where(reading.c.at >= since)
    if until is not None:
        query = query.where(reading.c.at < until)
    rows = connection.execute(query.order_by(reading.c.number.desc()).limit(most))
    return [(row.device, row.topic, row.at, bytes(row.payload), row.number) for row in rows]


def delete_before(
    connection: Connection, topic: str | None, devices: Sequence[str], before: datetime, most: int
) -> int:
    """Delete up to `most` messages of devices that came before a moment; return how many."""
    found = text("""
        DELETE FROM customer_data_reading WHERE (device, number, at) IN (
            SELECT device, number, at FROM customer_data_reading
            WHERE device = ANY(:devices) AND at < :before AND (:topic ::text IS NULL OR topic = :topic) LIMIT :most
        )
    """)
    given = {"devices": list(devices), "before": before, "topic": topic, "most": most}
    return connection.execute(found, given).rowcount


def oldest_payloads(
    connection: Connection,
    topic: str,
    devices: Sequence[str],
    since: datetime | None,
    before: datetime | None = None,
    most: int = 2000,
) -> list[tuple[str, int, datetime, bytes]]:
    """Return up to `most` of the oldest messages of a topic: device, number, moment, payload."""
    query = select(reading.c.device, reading.c.number, reading.c.at, reading.c.payload).where(
        reading.c.topic == topic,
        reading.c.device == any_(literal(list(devices), ARRAY(Text))),  # one parameter, however many devices
    )
    if since is not None:
        query = query.where(reading.c.at > since)
    if before is not None:
        query = query.where(reading.c.at < before)
    rows = connection.execute(query.order_by(reading.c.at, reading.c.number).limit(most))
    return [(row.device, row.number, row.at, bytes(row.payload)) for row in rows]


def rewrite(connection: Connection, rows: Sequence[tuple[str, int, datetime, bytes]]) -> None:
    """Put other payloads in the place of those that are there."""
    if rows:
        change = text(f"UPDATE {NAME} SET payload = :payload WHERE device = :device AND number = :number AND at = :at")  # noqa: S608
        names = ("device", "number", "at", "payload")
        connection.execute(change, [dict(zip(names, row, strict=True)) for row in rows])


def struck_up_to(connection: Connection, product: str, topic: str, name: str) -> datetime | None:
    """Return up to which moment a field has been taken out."""
    query = select(struck.c.at).where(struck.c.product == product, struck.c.topic == topic, struck.c.field == name)
    return connection.execute(query).scalar_one_or_none()


def set_struck(connection: Connection, product: str, topic: str, name: str, at: datetime) -> None:
    """Note up to which moment a field has been taken out."""
    row = {"product": product, "topic": topic, "field": name, "at": at}
    upsert(connection, struck, [row], ["product", "topic", "field"])


def look_again(connection: Connection, late: Mapping[str, datetime]) -> None:
    """Have fields be looked for again, as something arrived after they had been taken out: topic -> its moment."""
    connection.execute(_LOOK_AGAIN, {"topics": list(late), "moments": list(late.values())})


def hold_struck(connection: Connection, product: str, topic: str, name: str) -> datetime:
    """Return up to which moment a field has been taken out, and hold that until the transaction ends."""
    place = (struck.c.product == product, struck.c.topic == topic, struck.c.field == name)
    found: datetime = connection.execute(select(struck.c.at).where(*place).with_for_update()).scalar_one()
    return found


def vacuum(engine: Engine) -> None:
    """Free what was deleted."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"VACUUM {NAME}"))


def first_few(connection: Connection, most: int) -> list[tuple[int, Message]]:
    """Return the first messages of the table by their numbers, on any database."""
    rows = connection.execute(select(reading).order_by(reading.c.number).limit(most))
    return [
        (
            row.number,
            Message(
                row.device, row.topic, bytes(row.payload), round(row.at.timestamp() * 1_000_000), row.packet,
                digest=bytes(row.digest),
            ),
        )
        for row in rows
    ]  # fmt: skip


def take_away(connection: Connection, numbers: Sequence[int]) -> None:
    """Delete messages by their numbers."""
    connection.execute(reading.delete().where(reading.c.number.in_(numbers)))
