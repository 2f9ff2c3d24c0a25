"""roles by their names: owner is administrator, engineer is firmware-engineer"""

import json
from collections.abc import Mapping

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_NOW = {"owner": "administrator", "engineer": "firmware-engineer"}
_BEFORE = {now: before for before, now in _NOW.items()}


def upgrade() -> None:
    _rename(_NOW)


def downgrade() -> None:
    """Give the two their former names back. The roles that came new had none: they mean nothing before."""
    _rename(_BEFORE)


def _rename(names: Mapping[str, str]) -> None:
    connection = op.get_bind()
    for name in ("people_account", "people_link"):
        rows = sa.table(name, sa.column("id", sa.String), sa.column("roles", sa.Text))
        for one in connection.execute(sa.select(rows)).all():
            held = json.loads(one.roles)
            renamed = sorted({names.get(role, role) for role in held})
            if renamed != held:
                said = json.dumps(renamed, separators=(",", ":"))
                connection.execute(sa.update(rows).where(rows.c.id == one.id).values(roles=said))
