"""A table of the service's own."""

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from runtime import migrations

__all__ = ["Mark", "Model"]


class Model(DeclarativeBase):
    """The base of all models."""

    metadata = migrations.metadata


class Mark(Model):
    """One for each run."""

    __tablename__ = "marks"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
