"""`python notebook.py ORDERS`: a notebook whose cells publish each, run by a kernel of its own."""

import sys

from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

if __name__ == "__main__":
    cells = [
        "import shop_client as client",
        *(f"client.record_order.delay(order={order!r}).id" for order in sys.argv[1:]),
    ]
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    print([bool(cell.outputs) for cell in notebook.cells])
