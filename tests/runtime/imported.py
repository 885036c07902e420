"""`python -m tests.runtime.imported MODULE[:NAME]...`: what Python has imported after that, one module a line."""

import sys
from importlib import import_module

if __name__ == "__main__":
    for argument in sys.argv[1:]:
        module, _, name = argument.partition(":")
        if name:
            getattr(import_module(module), name)
        else:
            import_module(module)
    print(*sys.modules, sep="\n")
