"""What a failed statement means: retry later, or a defect that has to be seen."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, StatementError

from ...errors import StoreUnavailable
from ..claim import Claim

__all__ = ["OPEN_TRANSACTION", "store_unavailable", "translating_errors"]

OPEN_TRANSACTION = 1.0
"""Seconds until the next attempt at a key that an open transaction holds."""

RETRY_AFTER = 5.0
"""Seconds until a run that found no database is attempted again."""

TRANSIENT_STATES = {"25006", "42P01"}
"""SQLSTATEs that are no OperationalError: a server that became a standby, and tables that are yet to be migrated."""

LOST_STATES = {"25P03", "25P04", "57P01", "57P02", "57P05"}
"""SQLSTATEs with which PostgreSQL ends a connection: at a time limit, or as it or the session is stopped."""


def is_lost(connection: Connection, error: BaseException) -> bool:
    """Whether a statement on `connection` failed because the connection was lost: its transaction is rolled back."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None) or ""
    return (
        connection.invalidated
        or (isinstance(error, DBAPIError) and error.connection_invalidated)
        or state in LOST_STATES
        or state.startswith("08")
    )


@contextmanager
def translating_errors(where: str, claim: Claim | None = None) -> Iterator[None]:
    """Raise StoreUnavailable for a failure of the database, and Busy where a claim met SQLite's write lock."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        if claim and getattr(error.orig, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
            raise claim.busy(OPEN_TRANSACTION) from error
        raise store_unavailable(where, error) from error
    except DBAPIError as error:
        if error.connection_invalidated or getattr(error.orig, "sqlstate", None) in TRANSIENT_STATES | LOST_STATES:
            raise store_unavailable(where, error) from error
        raise
    except StatementError as error:  # a soft time limit that struck while SQLAlchemy prepared a statement
        raise error.orig or error from None


def store_unavailable(where: str, error: BaseException | str) -> StoreUnavailable:
    """The error for what the database at `where` replied."""
    reply = str(error.orig if isinstance(error, DBAPIError) else error).strip()
    return StoreUnavailable(
        f"expected the database at {where} to answer, got: {reply}; "
        "start the server, correct the URL, or run the command `migrate`",
        RETRY_AFTER,
    )
