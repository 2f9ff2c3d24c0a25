"""gateway tokens"""

import sqlalchemy as sa
from alembic import op

from careful.kernel import database

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "devices_gateway_token",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("hardware", sa.String(length=64), nullable=False),
        sa.Column("room", sa.Integer(), nullable=False),
        sa.Column("made_at", database.Moment(timezone=True), nullable=False),
        sa.Column("revoked_at", database.Moment(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices_gateway_token")),
        sa.UniqueConstraint("sha256", name=op.f("uq_devices_gateway_token_sha256")),
    )


def downgrade() -> None:

    op.drop_table("devices_gateway_token")
