"""`python -m` this package: the same as its console script."""

from .cli import main

if __name__ == "__main__":
    main()
