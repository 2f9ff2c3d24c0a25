"""rollouts for groups, traits of devices, end of support"""

import sqlalchemy as sa
from alembic import op

from careful.kernel import database

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "devices_crash",
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("hour", database.Moment(timezone=True), nullable=False),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("device", "hour", name=op.f("pk_devices_crash")),
    )
    with op.batch_alter_table("devices_crash", schema=None) as batch_op:
        batch_op.create_index("ix_devices_crash_of_product", ["product", "hour"], unique=False)

    op.create_table(
        "devices_crash_counter",
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("said", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("device", name=op.f("pk_devices_crash_counter")),
    )
    op.create_table(
        "devices_traits",
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("consent", sa.String(length=12), nullable=False),
        sa.Column("tags", database.JSONText(), nullable=False),
        sa.PrimaryKeyConstraint("device", name=op.f("pk_devices_traits")),
    )
    with op.batch_alter_table("devices_traits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_devices_traits_product"), ["product"], unique=False)

    op.create_table(
        "products_ending",
        sa.Column("product", sa.String(length=32), nullable=False),
        sa.Column("announced_at", database.Moment(timezone=True), nullable=False),
        sa.Column("until", sa.String(length=10), nullable=False),
        sa.Column("last_version", sa.String(length=64), nullable=False),
        sa.Column("keeps_working", sa.Text(), nullable=False),
        sa.Column("stops_working", sa.Text(), nullable=False),
        sa.Column("release", sa.String(length=64), nullable=False),
        sa.Column("sbom_sha256", sa.String(length=64), nullable=True),
        sa.Column("vex_sha256", sa.String(length=64), nullable=True),
        sa.Column("vex", sa.Text(), nullable=True),
        sa.Column("kept_at", database.Moment(timezone=True), nullable=True),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("told_at", database.Moment(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("product", name=op.f("pk_products_ending")),
    )
    with op.batch_alter_table("updates_device", schema=None) as batch_op:
        batch_op.add_column(sa.Column("postponed_until", database.Moment(timezone=True), nullable=True))

    with op.batch_alter_table("updates_order", schema=None) as batch_op:
        batch_op.add_column(sa.Column("forced_from", database.Moment(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("window", sa.String(length=96), server_default=sa.text("''"), nullable=False))
        batch_op.add_column(sa.Column("needs_confirmation", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("confirmed_at", database.Moment(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("conditions", database.JSONText(), server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("progress", sa.String(length=12), server_default="assigned", nullable=False))

    with op.batch_alter_table("updates_rollout", schema=None) as batch_op:
        batch_op.add_column(sa.Column("policy", database.JSONText(), server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("rules", database.JSONText(), server_default="[]", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("updates_rollout", schema=None) as batch_op:
        batch_op.drop_column("rules")
        batch_op.drop_column("policy")

    with op.batch_alter_table("updates_order", schema=None) as batch_op:
        batch_op.drop_column("progress")
        batch_op.drop_column("conditions")
        batch_op.drop_column("confirmed_at")
        batch_op.drop_column("needs_confirmation")
        batch_op.drop_column("window")
        batch_op.drop_column("forced_from")

    with op.batch_alter_table("updates_device", schema=None) as batch_op:
        batch_op.drop_column("postponed_until")

    op.drop_table("products_ending")
    with op.batch_alter_table("devices_traits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_devices_traits_product"))

    op.drop_table("devices_traits")
    op.drop_table("devices_crash_counter")
    with op.batch_alter_table("devices_crash", schema=None) as batch_op:
        batch_op.drop_index("ix_devices_crash_of_product")

    op.drop_table("devices_crash")
