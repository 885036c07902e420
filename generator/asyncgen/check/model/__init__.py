"""What Python code means: what a name stands for, what a class inherits, what an expression is worth."""

__all__: list[str] = []
