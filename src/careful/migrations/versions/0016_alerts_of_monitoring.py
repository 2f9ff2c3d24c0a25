"""alerts of monitoring"""

import sqlalchemy as sa
from alembic import op

from careful.kernel import database

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "monitoring_alert",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("cause", sa.String(length=200), nullable=False),
        sa.Column("open_cause", sa.String(length=210), nullable=True),
        sa.Column("says", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=12), nullable=False),
        sa.Column("limit", sa.Float(), nullable=False),
        sa.Column("limit_from", sa.String(length=12), nullable=False),
        sa.Column("observed", sa.Float(), nullable=False),
        sa.Column("devices", sa.Integer(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column("first_at", database.Moment(timezone=True), nullable=False),
        sa.Column("last_at", database.Moment(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("judged_by", sa.String(length=200), nullable=False),
        sa.Column("judged_at", database.Moment(timezone=True), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monitoring_alert")),
        sa.UniqueConstraint("open_cause", name=op.f("uq_monitoring_alert_open_cause")),
    )
    with op.batch_alter_table("monitoring_alert", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_monitoring_alert_last_at"), ["last_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_monitoring_alert_state"), ["state"], unique=False)

    op.create_table(
        "monitoring_alert_device",
        sa.Column("alert", sa.String(length=32), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("release", sa.String(length=64), nullable=True),
        sa.Column("fate", sa.String(length=8), nullable=False),
        sa.Column("says", sa.Text(), nullable=False),
        sa.Column("observed", sa.Float(), nullable=False),
        sa.Column("limit", sa.Float(), nullable=False),
        sa.Column("past", database.JSONText(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column("first_at", database.Moment(timezone=True), nullable=False),
        sa.Column("last_at", database.Moment(timezone=True), nullable=False),
        sa.Column("cut_at", database.Moment(timezone=True), nullable=True),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("alert", "device", name=op.f("pk_monitoring_alert_device")),
    )
    with op.batch_alter_table("monitoring_alert_device", schema=None) as batch_op:
        batch_op.create_index("ix_monitoring_alert_device_cut", ["product", "cut_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_monitoring_alert_device_fate"), ["fate"], unique=False)
        batch_op.create_index("ix_monitoring_alert_device_of", ["device", "last_at"], unique=False)

    op.create_table(
        "monitoring_drill",
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("began_at", database.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("device", name=op.f("pk_monitoring_drill")),
    )
    op.create_table(
        "monitoring_expectation",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("alert", sa.String(length=32), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("cause", sa.String(length=200), nullable=False),
        sa.Column("scope", sa.String(length=8), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("until", database.Moment(timezone=True), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("made_at", database.Moment(timezone=True), nullable=False),
        sa.Column("ended_at", database.Moment(timezone=True), nullable=True),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monitoring_expectation")),
    )
    with op.batch_alter_table("monitoring_expectation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_monitoring_expectation_cause"), ["cause"], unique=False)

    op.create_table(
        "monitoring_memory",
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("kept", sa.LargeBinary(), nullable=False),
        sa.Column("at", database.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("device", name=op.f("pk_monitoring_memory")),
    )
    op.create_table(
        "monitoring_nonce",
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("newest", sa.String(length=64), nullable=False),
        sa.Column("before", sa.String(length=64), nullable=False),
        sa.Column("at", database.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("device", name=op.f("pk_monitoring_nonce")),
    )


def downgrade() -> None:
    op.drop_table("monitoring_nonce")
    op.drop_table("monitoring_memory")
    with op.batch_alter_table("monitoring_expectation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_monitoring_expectation_cause"))

    op.drop_table("monitoring_expectation")
    op.drop_table("monitoring_drill")
    with op.batch_alter_table("monitoring_alert_device", schema=None) as batch_op:
        batch_op.drop_index("ix_monitoring_alert_device_of")
        batch_op.drop_index(batch_op.f("ix_monitoring_alert_device_fate"))
        batch_op.drop_index("ix_monitoring_alert_device_cut")

    op.drop_table("monitoring_alert_device")
    with op.batch_alter_table("monitoring_alert", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_monitoring_alert_state"))
        batch_op.drop_index(batch_op.f("ix_monitoring_alert_last_at"))

    op.drop_table("monitoring_alert")
