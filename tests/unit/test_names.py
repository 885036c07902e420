"""Names: every spelling of a task gives one name, and a bad name is refused with the corrected one."""

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncgen.errors import BadInput
from asyncgen.names import TASK_LETTERS, argument_name, nearest, task_name, words


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("send_invoice", "send_invoice"),
        ("SendInvoice", "send_invoice"),
        ("send-invoice", "send_invoice"),
        ("send invoice", "send_invoice"),
        ("sendInvoiceTask", "send_invoice"),
        ("send_invoice_task", "send_invoice"),
        ("SendHTTPRequest", "send_http_request"),
        ("a", "a"),
        ("Task2", "task2"),
        ("a" * 30, "a" * 30),
    ],
)
def test_spellings(text: str, name: str) -> None:
    assert task_name(text) == name


@pytest.mark.parametrize(
    ("text", "corrected"),
    [
        ("class", "run_class"),
        ("Import", "run_import"),
        ("email", "run_email"),
        ("work", "run_work"),
        ("con", "run_con"),
        ("l", "run_l"),
        ("app", "run_app"),
        ("2fast", "task_2fast"),
        ("Bad Name!", "bad_name"),
        ("Größe", "groe"),
        ("2 fast!", "task_2_fast"),
        ("a" * 31, "a" * 30),
    ],
)
def test_a_bad_name_is_corrected(text: str, corrected: str) -> None:
    with pytest.raises(BadInput, match=f"; use {corrected}$"):
        task_name(text, taken={"app"})
    assert task_name(corrected, taken={"app"}) == corrected


@given(st.text(max_size=40))
def test_any_text_gives_a_name_that_holds_or_a_sentence(text: str) -> None:
    try:
        name = task_name(text)
    except BadInput as refused:
        corrected = str(refused).rpartition("; use ")
        name = task_name(corrected[2]) if corrected[1] and corrected[2].isidentifier() else "none"
    assert name.isidentifier()
    assert not keyword.iskeyword(name)
    assert len(name) <= TASK_LETTERS
    assert name == "none" or task_name(name) == name


@pytest.mark.parametrize(
    "text", ["id", "l", "work", "type", "class", "self", "task", "Foo", "1a", "a-b", "", "é", "a" * 31]
)
def test_a_bad_argument_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        argument_name(text)


@pytest.mark.parametrize(
    ("text", "corrected"), [("Foo-Bar", "foo_bar"), ("2nd", "value_2nd"), ("a" * 31, "a" * 30), ("id", "id_value")]
)
def test_a_bad_argument_is_corrected(text: str, corrected: str) -> None:
    with pytest.raises(BadInput, match=f"; use {corrected}$"):
        argument_name(text)
    assert argument_name(corrected) == corrected


def test_nearest_and_words() -> None:
    assert nearest("brocker", ["ci", "broker"]) == "broker"
    assert nearest("zzz", ["ci", "broker"]) is None
    assert words("a-B c") == ["a", "b", "c"]
