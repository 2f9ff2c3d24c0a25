"""what devices sign"""

import sqlalchemy as sa
from alembic import op

from careful.kernel import database

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "updates_manifest",
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("answers", sa.String(length=18), nullable=False),
        sa.Column("count", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key_sha256", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", database.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("device", name=op.f("pk_updates_manifest")),
    )


def downgrade() -> None:
    op.drop_table("updates_manifest")
