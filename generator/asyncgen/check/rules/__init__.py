"""All the rules, in the order of their codes, and all codes that a finding can have."""

from asyncgen.check.rules.base import Explained, Rule
from asyncgen.check.rules.blocking_result import BlockingResult
from asyncgen.check.rules.broker import BrokerConfig
from asyncgen.check.rules.complex_argument import ComplexArgument
from asyncgen.check.rules.ignores import IgnoreWithoutReason, UnusedIgnore
from asyncgen.check.rules.kept_result import KeptResult
from asyncgen.check.rules.late_ack import LateAckNotIdempotent
from asyncgen.check.rules.local_state import LocalState
from asyncgen.check.rules.payload import LargePayload
from asyncgen.check.rules.retries import BadRetry
from asyncgen.check.rules.schedule import Schedule, ScheduleExpiry
from asyncgen.check.rules.silent_option import SilentOption
from asyncgen.check.rules.time_chain import TimeChain
from asyncgen.check.rules.time_limit import NoTimeLimit
from asyncgen.check.rules.transactions import PublishInTransaction
from asyncgen.check.rules.unsafe_serializer import UnsafeSerializer
from asyncgen.check.rules.unwritten_work import UnwrittenWork
from asyncgen.check.rules.visibility import EtaBeyondVisibility

__all__ = ["CODES", "RULES", "Explained", "Rule"]

RULES: tuple[type[Rule], ...] = (
    BlockingResult,
    ComplexArgument,
    UnsafeSerializer,
    NoTimeLimit,
    KeptResult,
    BadRetry,
    LocalState,
    LateAckNotIdempotent,
    PublishInTransaction,
    EtaBeyondVisibility,
    SilentOption,
    LargePayload,
    Schedule,
    TimeChain,
    BrokerConfig,
    ScheduleExpiry,
    UnwrittenWork,
)

CODES: tuple[type[Explained], ...] = (IgnoreWithoutReason, UnusedIgnore, *RULES)
