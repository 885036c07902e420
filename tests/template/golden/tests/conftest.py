"""The fixtures of the runtime: `service` delivers in this process, `worker` is a real worker on a real broker."""

pytest_plugins = ["myservice.runtime.testing"]
