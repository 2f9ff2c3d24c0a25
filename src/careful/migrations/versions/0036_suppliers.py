"""suppliers"""

import sqlalchemy as sa
from alembic import op

from careful.kernel import database

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "suppliers_contract",
        sa.Column("supplier", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("signed", sa.String(length=10), nullable=False),
        sa.Column("until", sa.String(length=10), nullable=False),
        sa.Column("clauses", database.JSONText(), nullable=False),
        sa.Column("reference", sa.String(length=500), nullable=False),
        sa.Column("noted_at", database.Moment(timezone=True), nullable=False),
        sa.Column("noted_by", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("supplier", "number", name=op.f("pk_suppliers_contract")),
    )
    op.create_table(
        "suppliers_evidence",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("supplier", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("until", sa.String(length=10), nullable=False),
        sa.Column("reference", sa.String(length=500), nullable=False),
        sa.Column("file", sa.LargeBinary(), nullable=True),
        sa.Column("file_name", sa.String(length=120), nullable=False),
        sa.Column("file_size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("given_at", database.Moment(timezone=True), nullable=False),
        sa.Column("given_by", sa.String(length=120), nullable=False),
        sa.Column("accepted_at", database.Moment(timezone=True), nullable=True),
        sa.Column("accepted_by", sa.String(length=120), nullable=False),
        sa.Column("withdrawn_at", database.Moment(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppliers_evidence")),
    )
    with op.batch_alter_table("suppliers_evidence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_suppliers_evidence_supplier"), ["supplier"], unique=False)

    op.create_table(
        "suppliers_item",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("supplier", sa.String(length=64), nullable=False),
        sa.Column("asks", sa.String(length=1000), nullable=False),
        sa.Column("due", sa.String(length=10), nullable=False),
        sa.Column("asked_at", database.Moment(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", database.Moment(timezone=True), nullable=True),
        sa.Column("closed_at", database.Moment(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppliers_item")),
    )
    with op.batch_alter_table("suppliers_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_suppliers_item_supplier"), ["supplier"], unique=False)

    op.create_table(
        "suppliers_person",
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("supplier", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_suppliers_person")),
    )
    with op.batch_alter_table("suppliers_person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_suppliers_person_supplier"), ["supplier"], unique=False)

    op.create_table(
        "suppliers_supplier",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("contact", sa.String(length=500), nullable=False),
        sa.Column("delivers", sa.String(length=1000), nullable=False),
        sa.Column("recorded_at", database.Moment(timezone=True), nullable=False),
        sa.Column("ended_at", database.Moment(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppliers_supplier")),
        sa.UniqueConstraint("name", name=op.f("uq_suppliers_supplier_name")),
    )


def downgrade() -> None:
    op.drop_table("suppliers_supplier")
    with op.batch_alter_table("suppliers_person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_suppliers_person_supplier"))

    op.drop_table("suppliers_person")
    with op.batch_alter_table("suppliers_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_suppliers_item_supplier"))

    op.drop_table("suppliers_item")
    with op.batch_alter_table("suppliers_evidence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_suppliers_evidence_supplier"))

    op.drop_table("suppliers_evidence")
    op.drop_table("suppliers_contract")
