"""An HTTP interface, which FastAPI itself traces; where the store is SQL, it publishes by the outbox."""

from fastapi import FastAPI
from pydantic import BaseModel

from runtime import outbox

from .app import REDIS_STORE
from .tasks.observed import observed

__all__ = ["api"]

api = FastAPI()


class Observed(BaseModel):
    """Arguments of the task."""

    folder: str
    secret: str


@api.post("/observed", status_code=202)
def create(body: Observed) -> str:
    """Publish it; its id."""
    if REDIS_STORE:
        return str(observed.delay(body.folder, body.secret).id)
    with outbox.session() as session:
        return outbox.publish(session, observed.s(body.folder, body.secret))
