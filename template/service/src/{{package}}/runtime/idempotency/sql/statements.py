"""The statements of the SQL store, one round trip each, in the SQL that PostgreSQL and SQLite share.

A row whose `expires_at` has passed counts as absent until `purge` deletes it. A token belongs to one attempt: a
statement that finds its own in place has been sent before, by a client that missed the answer, and changes nothing.
"""

from dataclasses import dataclass

from sqlalchemy import TextClause, text

from .database import CLOCK, KEYS, OUTBOX

__all__ = ["Statements", "statements"]

COLUMNS = "key, state, token, owner, fingerprint, result, expires_at"


@dataclass(frozen=True, slots=True)
class Statements:
    """One for each change, whose row count says whether it was made; `ready` fails where the tables are missing."""

    acquire: TextClause
    acquire_alone: TextClause
    """The same for a transaction; it changes nothing, and does not wait, where another open transaction has the key."""
    look: TextClause
    locked: TextClause
    """Whether an open transaction has the key."""
    in_outbox: TextClause
    complete: TextClause
    suspend: TextClause
    release: TextClause
    renew: TextClause
    count_run: TextClause
    purge: TextClause
    ready: TextClause


def statements(dialect: str) -> Statements:
    """Return the statements for "postgresql" or "sqlite"."""
    postgresql = dialect == "postgresql"
    now = CLOCK[dialect]
    lock = "pg_try_advisory_xact_lock(:lock)" if postgresql else "true"  # SQLite's one writer is alone anyway
    advisory = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted"
    high, low = "CAST(classid AS bigint) = (:lock >> 32) & 4294967295", "CAST(objid AS bigint) = :lock & 4294967295"
    here = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    locked = f"{advisory} AND {high} AND {low} AND {here}" if postgresql else "SELECT 0 WHERE :lock IS NOT NULL"
    skip = "FOR UPDATE SKIP LOCKED" if postgresql else ""
    acquire = f"""
        INSERT INTO {KEYS} ({COLUMNS})
        SELECT :key, :state, :token, :owner, :fingerprint, NULL, {now} + :seconds WHERE {{free}}
        ON CONFLICT (key) DO UPDATE SET
            state = excluded.state, token = excluded.token, owner = excluded.owner,
            fingerprint = excluded.fingerprint, result = NULL, expires_at = excluded.expires_at
        WHERE {KEYS}.token = excluded.token
            OR {KEYS}.expires_at <= {now}
            OR ({KEYS}.state = 'suspended' AND {KEYS}.owner = excluded.owner)
    """
    return Statements(
        acquire=text(acquire.format(free="true")),
        acquire_alone=text(acquire.format(free=lock)),
        look=text(f"""
            SELECT state, token, owner, fingerprint, result, expires_at - {now} AS remaining
            FROM {KEYS} WHERE key = :key
        """),
        locked=text(locked),
        in_outbox=text(f"SELECT count(*) FROM {OUTBOX} WHERE id = :id"),
        complete=text(f"""
            INSERT INTO {KEYS} ({COLUMNS})
            VALUES (:key, 'done', :token, :owner, :fingerprint, :result, {now} + :seconds)
            ON CONFLICT (key) DO UPDATE SET
                state = 'done', token = excluded.token, owner = excluded.owner,
                fingerprint = excluded.fingerprint, result = excluded.result, expires_at = excluded.expires_at
            WHERE {KEYS}.token = excluded.token OR {KEYS}.expires_at <= {now}
        """),
        suspend=text(f"""
            UPDATE {KEYS} SET state = 'suspended', expires_at = {now} + :seconds
            WHERE key = :key AND token = :token AND expires_at > {now}
        """),
        release=text(f"DELETE FROM {KEYS} WHERE key = :key AND token = :token"),
        renew=text(f"""
            UPDATE {KEYS} SET expires_at = {now} + :seconds
            WHERE key = :key AND token = :token AND state = 'held'
        """),
        count_run=text(f"""
            INSERT INTO {KEYS} ({COLUMNS}) VALUES (:key, 'done', '', '', '', CAST(:change AS TEXT), {now} + :seconds)
            ON CONFLICT (key) DO UPDATE SET
                result = CASE WHEN {KEYS}.expires_at <= {now} THEN excluded.result
                    ELSE CAST(CAST({KEYS}.result AS INTEGER) + :change AS TEXT) END,
                expires_at = excluded.expires_at
        """),
        purge=text(f"""
            DELETE FROM {KEYS} WHERE key IN (
                SELECT key FROM {KEYS} WHERE expires_at <= COALESCE(:now, {now}) LIMIT :batch {skip}
            )
        """),
        ready=text(f"SELECT count(*) FROM {KEYS} WHERE key = ''"),
    )
