"""Reads what a newer Python than the running one writes differently: each form is replaced by an older one of the same
length, so that lines and columns stay where findings point.
"""

import ast
import re

__all__ = ["parse"]

_BRACKETS = r"\[[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*\]"
#: `except A, B:` (3.14). The parentheses move what comes after them, which is the colon.
_EXCEPT = re.compile(r"^([ \t]*except\*?)([ \t]+)([\w.]+(?:[ \t]*,[ \t]*[\w.]+)+)([ \t]*:)", re.MULTILINE)
#: `type Name[T] = ...` (3.12).
_TYPE = re.compile(rf"^([ \t]*)type[ \t]+(\w+)((?:{_BRACKETS})?[ \t]*=)", re.MULTILINE)
#: `def f[T](...)`, `class C[T]:` (3.12).
_GENERIC = re.compile(rf"^([ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+\w+)({_BRACKETS})", re.MULTILINE)
#: `lazy import x`, `lazy from x import y` (3.15).
_LAZY = re.compile(r"^([ \t]*)lazy[ \t]+(import|from)\b", re.MULTILINE)
#: `t"..."` (3.14).
_TEMPLATE = re.compile(r"\b[tT](?=[\"'])")
_FORMATTED = re.compile(r"\b(?:[fF][rR]?|[rR][fF])(\"\"\"|'''|\"|')")


def parse(text: str) -> ast.Module:
    """The syntax tree. Raises what `ast.parse` raises for what is no Python of any version that is known here."""
    try:
        return ast.parse(text)
    except SyntaxError as error:
        older = _older(text)
        if older == text:
            raise
        try:
            return ast.parse(older)
        except SyntaxError:
            raise error from None


def _older(text: str) -> str:
    text = _LAZY.sub(lambda m: f"{m[1]}{m[2]}".ljust(len(m[0])), text)
    text = _GENERIC.sub(lambda m: m[1] + _blank(m[2]), text)
    text = _TYPE.sub(lambda m: f"{m[1]}{m[2]}".ljust(len(m[0]) - 1) + "=", text)
    text = _EXCEPT.sub(r"\1\2(\3)\4", text)
    return _with_other_quotes(_TEMPLATE.sub("f", text))


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _with_other_quotes(text: str) -> str:
    """Quotes within the braces of an f-string that are its own (3.12) become the other ones."""
    letters = list(text)
    position = 0
    while match := _FORMATTED.search(text, position):
        quote, position, depth = match[1], match.end(), 0
        while position < len(text):
            if depth == 0 and text.startswith(quote, position):
                break
            letter = text[position]
            if letter == "\\" and depth == 0:
                position += 1
            elif letter == "{":
                depth += 1
            elif letter == "}":
                depth = max(depth - 1, 0)
            elif letter == "\n" and (len(quote) == 1 and depth == 0):
                break  # no f-string after all
            elif letter == quote and depth:
                letters[position] = "'" if quote == '"' else '"'
            position += 1
        position += len(quote)
    return "".join(letters)
