"""fakeredis over TCP, as a process of its own: `python -P fakeredis_server.py PORT`."""

import sys
from typing import Any

from fakeredis import TcpFakeServer
from fakeredis._clients._tcp_server import TCPFakeRequestHandler
from redis.exceptions import ResponseError

__all__ = ["main"]


class Handler(TCPFakeRequestHandler):
    """Answers an error and goes on, as Redis does; fakeredis closes the connection (fakeredis#432)."""

    def setup(self) -> None:
        """Make an error reply a reply like any other."""
        super().setup()
        read = self.current_client.read_response

        def read_response(*args: Any, **kwargs: Any) -> Any:
            try:
                return read(*args, **kwargs)
            except ResponseError as error:
                return error

        self.current_client.read_response = read_response  # type: ignore[method-assign]  # this one only


def main(port: int) -> None:
    """Serve until the process is told to end; its threads do not hold it back."""
    server = TcpFakeServer(("127.0.0.1", port), server_type="redis")
    server.RequestHandlerClass = Handler
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
