"""The value of an expression that is written out in a file."""

import ast
from typing import Any

__all__ = ["literal"]


def literal(node: ast.expr | None) -> Any:
    """The value of a literal or of a product of numbers, such as `5 * 60`; None for what is computed."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        factors = literal(node.left), literal(node.right)
        return factors[0] * factors[1] if all(isinstance(each, int | float) for each in factors) else None
    try:
        return ast.literal_eval(node) if node is not None else None
    except (ValueError, TypeError):
        return None
