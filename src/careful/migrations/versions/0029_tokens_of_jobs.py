"""tokens of jobs"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from careful.kernel import database

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "people_presented",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("expires_at", database.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_people_presented")),
    )
    with op.batch_alter_table("people_presented", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_people_presented_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "people_trust",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("audience", sa.String(length=200), nullable=False),
        sa.Column("claims", database.JSONText(), nullable=False),
        sa.Column("scopes", database.JSONText(), nullable=False),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=True),
        sa.Column("made_at", database.Moment(timezone=True), nullable=False),
        sa.Column("used_at", database.Moment(timezone=True), nullable=True),
        sa.Column("ended_at", database.Moment(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people_trust")),
    )
    with op.batch_alter_table("people_trust", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_people_trust_account"), ["account"], unique=False)
        batch_op.create_index(batch_op.f("ix_people_trust_issuer"), ["issuer"], unique=False)

    with op.batch_alter_table("people_token", schema=None) as batch_op:
        batch_op.add_column(sa.Column("product", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("trust", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("subject", sa.String(length=300), nullable=True))
        batch_op.create_index(batch_op.f("ix_people_token_trust"), ["trust"], unique=False)

    # No token lives longer than 90 days from here on; those made for longer keep 90 days from the day of the upgrade.
    tokens = sa.table("people_token", sa.column("expires_at", database.Moment(timezone=True)))
    end = datetime.now(UTC) + timedelta(days=90)
    op.execute(sa.update(tokens).where(tokens.c.expires_at > end).values(expires_at=end))


def downgrade() -> None:
    with op.batch_alter_table("people_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_people_token_trust"))
        batch_op.drop_column("subject")
        batch_op.drop_column("trust")
        batch_op.drop_column("product")

    with op.batch_alter_table("people_trust", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_people_trust_issuer"))
        batch_op.drop_index(batch_op.f("ix_people_trust_account"))

    op.drop_table("people_trust")
    with op.batch_alter_table("people_presented", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_people_presented_expires_at"))

    op.drop_table("people_presented")
