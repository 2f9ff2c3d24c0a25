"""Readings in PostgreSQL: a table partitioned by day, and how far each source of them has been moved."""

import sqlalchemy as sa
from alembic import op

from careful.kernel import database

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "customer_data_moved",
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_customer_data_moved")),
    )
    op.create_table(
        "customer_data_reading",
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", database.Moment(timezone=True), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("packet", sa.Integer(), nullable=False),
        sa.Column("resend", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("device", "number", "at", name=op.f("pk_customer_data_reading")),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index(
        "ix_customer_data_reading_resent", "customer_data_reading", ["device"],
        postgresql_where=sa.text("resend"), sqlite_where=sa.text("resend"),
    )  # fmt: skip
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE customer_data_reading_number")
    op.create_table(
        "customer_data_settled",
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device", name=op.f("pk_customer_data_settled")),
    )
    op.create_table(
        "customer_data_struck",
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("topic", sa.String(length=128), nullable=False),
        sa.Column("field", sa.String(length=128), nullable=False),
        sa.Column("at", database.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("product", "topic", "field", name=op.f("pk_customer_data_struck")),
    )
    op.create_table(
        "customer_data_writer",
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("writer", sa.String(length=32), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", database.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "writer", name=op.f("pk_customer_data_writer")),
    )


def downgrade() -> None:
    op.drop_table("customer_data_writer")
    op.drop_table("customer_data_struck")
    op.drop_table("customer_data_settled")
    op.drop_table("customer_data_reading")
    op.drop_table("customer_data_moved")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP SEQUENCE customer_data_reading_number")
