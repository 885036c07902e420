"""Growing a service by commands alone."""
