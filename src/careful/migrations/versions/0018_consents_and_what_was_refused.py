"""consents and what was refused"""

import sqlalchemy as sa
from alembic import op

from careful.kernel import database

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customer_data_began",
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("item", sa.String(length=64), nullable=False),
        sa.Column("at", database.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("device", "item", name=op.f("pk_customer_data_began")),
    )
    op.create_table(
        "customer_data_consent",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("item", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("given_at", database.Moment(timezone=True), nullable=False),
        sa.Column("given_by", sa.String(length=120), nullable=False),
        sa.Column("ended_at", database.Moment(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=120), nullable=False),
        sa.Column("why", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_data_consent")),
    )
    with op.batch_alter_table("customer_data_consent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_data_consent_device"), ["device"], unique=False)
        batch_op.create_index(
            "uq_customer_data_consent_living",
            ["device", "item", "kind"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "customer_data_observed",
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("item", sa.String(length=64), nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column("untold", sa.BigInteger(), nullable=False),
        sa.Column("first_at", database.Moment(timezone=True), nullable=False),
        sa.Column("last_at", database.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("product", "item", "field", name=op.f("pk_customer_data_observed")),
    )
    op.create_table(
        "customer_data_refused",
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("release", sa.String(length=64), nullable=False),
        sa.Column("item", sa.String(length=80), nullable=False),
        sa.Column("field", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column("left_out", sa.BigInteger(), nullable=False),
        sa.Column("untold", sa.BigInteger(), nullable=False),
        sa.Column("untold_left_out", sa.BigInteger(), nullable=False),
        sa.Column("first_at", database.Moment(timezone=True), nullable=False),
        sa.Column("last_at", database.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "product", "release", "item", "field", "kind", "device", name=op.f("pk_customer_data_refused")
        ),
    )
    with op.batch_alter_table("customer_data_refused", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_data_refused_last_at"), ["last_at"], unique=False)

    op.create_table(
        "customer_data_told",
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("release", sa.String(length=64), nullable=False),
        sa.Column("item", sa.String(length=80), nullable=False),
        sa.Column("field", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("at", database.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("product", "release", "item", "field", "kind", name=op.f("pk_customer_data_told")),
    )


def downgrade() -> None:
    op.drop_table("customer_data_told")
    with op.batch_alter_table("customer_data_refused", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_data_refused_last_at"))

    op.drop_table("customer_data_refused")
    op.drop_table("customer_data_observed")
    with op.batch_alter_table("customer_data_consent", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_customer_data_consent_living",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_customer_data_consent_device"))

    op.drop_table("customer_data_consent")
    op.drop_table("customer_data_began")
