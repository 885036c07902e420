"""On the path of a service in tests: what a service has not, and this repository's environment has."""
