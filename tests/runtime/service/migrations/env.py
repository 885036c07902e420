"""What Alembic runs."""

from runtime import migrations
from tests.runtime.service.models import Model

migrations.run(Model.metadata)
