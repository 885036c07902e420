"""No service requires Rich, which asyncgen brings; structlog imports all of it if it is there, in each process."""

raise ImportError("expected a service to do without Rich")
