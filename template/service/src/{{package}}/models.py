"""The tables of this service. A task writes to them through `self.session`, in one transaction with its key.

    class Invoice(Model):
        __tablename__ = "invoices"

        id: Mapped[int] = mapped_column(primary_key=True)

After a change: `alembic revision --autogenerate -m "what changed"`, read what it wrote to `migrations/versions`, and
`migrate`. Tests, demo and workers of tests get the tables from the migrations.
"""

from sqlalchemy.orm import DeclarativeBase

from .runtime import migrations

__all__ = ["Model"]


class Model(DeclarativeBase):
    """The base of all models."""

    metadata = migrations.metadata
