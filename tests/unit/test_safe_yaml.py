"""Untrusted YAML gives values, within bounds, quickly."""

import pytest

from asyncgen.safe_yaml import load_mapping, load_yaml

LISTS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
MERGES = "a0: &a0 {k: x}\n" + "".join(f"a{n}: &a{n}\n  <<: [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
LONG = f"a: &a {'x' * 1000}\nb: [{'*a, ' * 1000}]\n"


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("text", "message"),
    [
        *((text, "aliases that stand for more than 200000 values") for text in (LISTS, MERGES, LONG, "a: &a [*a]\n")),
        ("a: b\n" * 100_000, "500000 characters, where 100000 are the most"),
        ("[" * 50_000, "values nested too deeply"),
        ("a: [", "expected the node content"),
        ("a: 1\n--- b\n", "expected a single document"),
        ("!!python/object/apply:os.system [true]", "could not determine a constructor"),
        ("!include other.yml", "could not determine a constructor"),
        *(
            (text, None)
            for text in ("!!bool x", "!!int ''", "!!timestamp x", "2024-99-99", f"a: {'9' * 5000}", "\0", "{[]: 1}")
        ),
        (b"\xff", "can't decode"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_no_small_value_is_refused(text: str | bytes, message: str | None) -> None:
    with pytest.raises(ValueError, match=message):
        load_yaml(text)


def test_anchors_are_written_out_within_the_bounds() -> None:
    assert load_yaml("a: &a {b: [1]}\nc: {<<: *a, d: *a}\n") == {"a": {"b": [1]}, "c": {"b": [1], "d": {"b": [1]}}}
    assert load_yaml("x" * 200, most=200) == "x" * 200
    assert load_yaml(b"\xef\xbb\xbfa: 1\r\n") == {"a": 1}
    assert load_yaml("") is None


@pytest.mark.parametrize("text", ["- a\n", "text", "1: 2\n", "on: push\n"])
def test_a_mapping_has_names(text: str) -> None:
    assert load_mapping("") == {}
    with pytest.raises(ValueError, match="no mapping from names"):
        load_mapping(text)
