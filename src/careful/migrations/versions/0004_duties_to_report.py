"""duties to report"""

import sqlalchemy as sa
from alembic import op

from careful.kernel import database

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "obligations_entry",
        sa.Column("matter", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("at", database.Moment(timezone=True), nullable=False),
        sa.Column("says", sa.Text(), nullable=False),
        sa.Column("duty", sa.String(length=40), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("noted_at", database.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("matter", "number", name=op.f("pk_obligations_entry")),
    )
    op.create_table(
        "obligations_matter",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("why_severe", sa.Text(), nullable=False),
        sa.Column("products", database.JSONText(), nullable=False),
        sa.Column("noted_at", database.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_obligations_matter")),
    )


def downgrade() -> None:
    op.drop_table("obligations_matter")
    op.drop_table("obligations_entry")
