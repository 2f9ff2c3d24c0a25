"""Alembic's entry: runs migrations on the connection it is given; `make migration` compares with the tables in code."""

import importlib
import importlib.util
import pkgutil

from alembic import context

import careful
from careful.kernel.database import metadata

for module in pkgutil.iter_modules(careful.__path__):
    if module.ispkg and importlib.util.find_spec(f"careful.{module.name}.store"):
        importlib.import_module(f"careful.{module.name}.store")

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    user_module_prefix="database.",
)
context.run_migrations()
