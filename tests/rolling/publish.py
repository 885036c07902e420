"""`python -m tests.rolling.publish JSON`: publish orders by the code of the release that is on the path.

JSON: a list of [keyword arguments of `record_order`, options of `apply_async`].
"""

import json
import sys

from shop.app import app  # type: ignore[import-not-found]  # the service of either release

if __name__ == "__main__":
    for arguments, options in json.loads(sys.argv[1]):
        app.tasks["shop.tasks.record_order.record_order"].apply_async(kwargs=arguments, **options)
