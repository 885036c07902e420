"""A service whose tasks end in every way there is: what the tests of the runtime start as a real worker."""
