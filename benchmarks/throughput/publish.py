"""`python -m benchmarks.throughput.publish MODULE ARGUMENTS`: call the module's `publish`, print its begin and its end.

ARGUMENTS: a JSON list. The clock starts when the module has been imported.
"""

import json
import sys
import time
from importlib import import_module

if __name__ == "__main__":
    publish = import_module(sys.argv[1]).publish
    arguments = json.loads(sys.argv[2])
    began = time.time()
    publish(*arguments)
    print(began, time.time())
