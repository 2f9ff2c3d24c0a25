"""two people and least privilege"""

import sqlalchemy as sa
from alembic import op

from careful.kernel import database

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "people_approval",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("what", database.JSONText(), nullable=False),
        sa.Column("ground", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(length=120), nullable=False),
        sa.Column("asked_at", database.Moment(timezone=True), nullable=False),
        sa.Column("lapses_at", database.Moment(timezone=True), nullable=False),
        sa.Column("agreed", database.JSONText(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("ended_at", database.Moment(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=120), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people_approval")),
    )
    with op.batch_alter_table("people_approval", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_people_approval_asked_at"), ["asked_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_people_approval_state"), ["state"], unique=False)

    op.create_table(
        "people_review",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("at", database.Moment(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("decision", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("held", database.JSONText(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people_review")),
    )
    with op.batch_alter_table("people_review", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_people_review_account"), ["account"], unique=False)
        batch_op.create_index(batch_op.f("ix_people_review_at"), ["at"], unique=False)

    op.create_table(
        "people_right",
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("right", sa.String(length=60), nullable=False),
        sa.Column("granted_at", database.Moment(timezone=True), nullable=False),
        sa.Column("used_at", database.Moment(timezone=True), nullable=True),
        sa.Column("proposed_at", database.Moment(timezone=True), nullable=True),
        sa.Column("lapsed_at", database.Moment(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("account", "right", name=op.f("pk_people_right")),
    )
    op.create_table(
        "people_set_up",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("ended_at", database.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_people_set_up")),
    )
    with op.batch_alter_table("people_account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("auditor_until", database.Moment(timezone=True), nullable=True))

    with op.batch_alter_table("people_link", schema=None) as batch_op:
        batch_op.add_column(sa.Column("auditor_until", database.Moment(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("people_link", schema=None) as batch_op:
        batch_op.drop_column("auditor_until")

    with op.batch_alter_table("people_account", schema=None) as batch_op:
        batch_op.drop_column("auditor_until")

    op.drop_table("people_set_up")
    op.drop_table("people_right")
    with op.batch_alter_table("people_review", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_people_review_at"))
        batch_op.drop_index(batch_op.f("ix_people_review_account"))

    op.drop_table("people_review")
    with op.batch_alter_table("people_approval", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_people_approval_state"))
        batch_op.drop_index(batch_op.f("ix_people_approval_asked_at"))

    op.drop_table("people_approval")
