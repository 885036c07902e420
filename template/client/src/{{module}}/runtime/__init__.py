"""Modules of the service's runtime, as they are, and those that publish for a client."""
