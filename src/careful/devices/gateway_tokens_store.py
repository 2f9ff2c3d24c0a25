"""The table of gateway tokens, and every statement over it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Integer, Row, String, Table, insert, select, update

from careful.devices.model import GatewayToken
from careful.kernel.database import Moment, metadata

gateway_token = Table(
    "devices_gateway_token",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("name", String(64), nullable=False),
    Column("product", String(64), nullable=False),
    Column("hardware", String(64), nullable=False),
    Column("room", Integer, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("revoked_at", Moment, nullable=True),
)


def add(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add a token."""
    connection.execute(insert(gateway_token), dict(row))


def find(connection: Connection, sha256: str) -> tuple[GatewayToken, str] | None:
    """Return a token that was not revoked, and its digest, by that digest."""
    good = (gateway_token.c.sha256 == sha256, gateway_token.c.revoked_at.is_(None))
    row = connection.execute(select(gateway_token).where(*good)).one_or_none()
    return None if row is None else (_as_token(row), row.sha256)


def every(connection: Connection) -> list[GatewayToken]:
    """Return all tokens, oldest first."""
    query = select(gateway_token).order_by(gateway_token.c.made_at, gateway_token.c.id)
    return [_as_token(row) for row in connection.execute(query)]


def take_room(connection: Connection, token: str) -> bool:
    """Count one device that a token brought in; tell whether there was room for it."""
    free = (gateway_token.c.id == token, gateway_token.c.revoked_at.is_(None), gateway_token.c.room > 0)
    taken = connection.execute(update(gateway_token).where(*free).values(room=gateway_token.c.room - 1))
    return taken.rowcount == 1


def end(connection: Connection, token: str, now: datetime) -> bool:
    """Revoke a token; tell whether it was there and in force."""
    good = (gateway_token.c.id == token, gateway_token.c.revoked_at.is_(None))
    return connection.execute(update(gateway_token).where(*good).values(revoked_at=now)).rowcount == 1


def _as_token(row: Row[Any]) -> GatewayToken:
    return GatewayToken(
        id=row.id,
        name=row.name,
        product=row.product,
        hardware=row.hardware,
        room=row.room,
        made_at=row.made_at,
        revoked_at=row.revoked_at,
    )
