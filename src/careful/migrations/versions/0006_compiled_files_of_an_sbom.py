"""compiled files of an SBOM"""

import sqlalchemy as sa
from alembic import op

from careful.kernel import database

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "releases_compiled",
        sa.Column("component", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("release", sa.String(length=32), nullable=False),
        sa.Column("files", database.JSONText(), nullable=False),
        sa.PrimaryKeyConstraint("component", name=op.f("pk_releases_compiled")),
    )
    with op.batch_alter_table("releases_compiled", schema=None) as batch_op:
        batch_op.create_index("ix_releases_compiled_of", ["release"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("releases_compiled", schema=None) as batch_op:
        batch_op.drop_index("ix_releases_compiled_of")

    op.drop_table("releases_compiled")
