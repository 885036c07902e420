"""The broker of the service."""
