"""Twelve faults and their alerts: the rendered rules against series, and against a service that is broken."""
