"""A way to the broker that a test can freeze and cut."""

import socket
import threading
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit

__all__ = ["Proxy"]

PORTS = {"amqp": 5672, "redis": 6379}


class Proxy:
    """Forwards to the broker of `url`; `self.url` leads through it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "127.0.0.1", parts.port or PORTS[parts.scheme])
        self._flowing = threading.Event()
        self._flowing.set()
        self._open: list[socket.socket] = []
        self._swallowed: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self._budget: int | None = None
        self._port = 0
        self.mend()
        login = parts.netloc.rpartition("@")[0]
        self.url = parts._replace(netloc=f"{login}{'@' * bool(login)}127.0.0.1:{self._port}").geturl()

    def __enter__(self) -> Self:
        """Nothing to do: it forwards already."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close everything."""
        self.cut()

    def freeze(self) -> None:
        """Answer nothing more: connections are accepted, and stay open."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Go on with what came meanwhile."""
        self._flowing.set()

    def swallow(self) -> None:
        """Let nothing more through on the connections that there are, which stay open; new ones are welcome."""
        self._swallowed.update(self._open)

    def drop(self) -> None:
        """End the connections that there are; new ones are welcome."""
        for each in self._open:
            _close(each)
        self._open.clear()

    def cut(self) -> None:
        """End all connections and refuse new ones."""
        if self._listener is not None:
            _close(self._listener)
            self._listener = None
        self.drop()

    def cut_after(self, size: int) -> None:
        """Cut once so many more bytes have gone to the broker."""
        self._budget = size

    def mend(self) -> None:
        """Accept again, on the same port; nothing to do while it accepts."""
        self._budget = None
        if self._listener is not None:
            return
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _spent(self, size: int) -> bool:
        if self._budget is None:
            return False
        self._budget -= size
        return self._budget < 0

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self._open.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self._flowing.wait()
        try:
            server = socket.create_connection(self._target)
        except OSError:
            _close(client)
            return
        self._open.append(server)
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=self._pump, args=(source, sink, source is client), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, spends: bool) -> None:
        with suppress(OSError):
            while data := source.recv(4096):
                self._flowing.wait()
                if source in self._swallowed:
                    continue
                sink.sendall(data)
                if spends and self._spent(len(data)):
                    self.cut()
        _close(source)
        _close(sink)


def _close(connection: socket.socket) -> None:
    """Close, and wake whoever waits for it."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
