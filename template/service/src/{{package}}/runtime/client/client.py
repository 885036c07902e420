"""A client: the connections to one broker, in one namespace, and the tasks that are published through them."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from threading import Lock
from typing import ClassVar, ParamSpec, TypeVar

from celery.canvas import Signature

from ..errors import PayloadError
from ..sending import Unconfirmed, identified
from .app import ClientApp, Transport
from .contract import Contract
from .settings import ClientSettings
from .task import DeprecatedTask, Task

__all__ = ["BaseClient"]

P = ParamSpec("P")
K = TypeVar("K", bound=Mapping[str, object])


class BaseClient:
    """Publishes tasks; what is not given is read from the environment when the first one is published.

    broker_url: of the broker of the service. namespace: as the setting `namespace` of the service's workers.
    """

    contract_file: ClassVar[Path]
    transport: ClassVar[Transport]

    def __init__(self, broker_url: str | None = None, namespace: str | None = None) -> None:
        self._broker_url, self._namespace = broker_url, namespace
        self._lock = Lock()
        self._app: ClientApp | None = None

    @property
    def contract(self) -> Contract:
        """What the tasks take."""
        return Contract.read(self.contract_file)

    @property
    def app(self) -> ClientApp:
        """The Celery application behind it. Raises ConfigurationError for what cannot be used as the broker's URL."""
        with self._lock:
            if self._app is None:
                self._app = self.make_app(self._broker_url)
            return self._app

    def make_app(self, broker_url: str | None) -> ClientApp:
        """An application for the broker of that URL."""
        settings = ClientSettings.read(self.transport.schemes, broker_url, self._namespace)
        return ClientApp(self.contract, settings, self.transport)

    def task(self, key: str, arguments: type[K]) -> Callable[[Callable[P, None]], Task[P, K]]:
        """Make a task of a function that says what it takes: the one that the contract has under `key`."""
        return lambda function: Task(self, key, function)

    def deprecated_task(
        self, key: str, arguments: type[K], instead: str
    ) -> Callable[[Callable[P, None]], DeprecatedTask[P, K]]:
        """The same, of a task that is still there for its present callers. instead: what to call."""
        return lambda function: DeprecatedTask(self, key, function, instead)

    def publish_many(self, signatures: Iterable["Signature"]) -> list[Unconfirmed]:
        """Publish signatures of tasks; return those that were not confirmed, each to be published again.

        The broker's confirmations are awaited for many messages at once, each with the guarantee of `.delay()`. Once
        the connection is lost, or nothing is confirmed for `attempt_timeout` seconds, nothing more is sent.
        Raises PayloadError before anything is sent.
        """
        copies = dict(identified(self._own(signature)) for signature in signatures)
        for copy in copies.values():
            self.app.check(copy)
        return self.app.publisher.publish_all(copies, self.transport.batch)

    def _own(self, signature: "Signature") -> "Signature":
        """A copy that is published through this client."""
        if not isinstance(signature, Signature):
            raise PayloadError(
                f"expected the signatures of tasks, got: {signature!r:.100}; call the method signature of a task"
            )
        copy: Signature = Signature.from_dict(dict(signature.clone()), app=self.app)
        return copy
