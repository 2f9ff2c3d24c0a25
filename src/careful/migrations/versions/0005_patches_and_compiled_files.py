"""patches and compiled files"""

import sqlalchemy as sa
from alembic import op

from careful.kernel import database

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "vulnerabilities_compiled",
        sa.Column("release", sa.String(length=32), nullable=False),
        sa.Column("files", database.JSONText(), nullable=False),
        sa.Column("at", database.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("release", name=op.f("pk_vulnerabilities_compiled")),
    )
    with op.batch_alter_table("releases_component", schema=None) as batch_op:
        batch_op.add_column(sa.Column("patches", database.JSONText(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("releases_component", schema=None) as batch_op:
        batch_op.drop_column("patches")

    op.drop_table("vulnerabilities_compiled")
