"""Errors are one line, whatever the names and contents of files hold."""

import pytest

from fer_md.console import guard
from fer_md.errors import FerMdError, NotFiniteError, first_line


@pytest.mark.parametrize(
    "text, shown",
    [
        ("a.png: too large; make it smaller", "a.png: too large; make it smaller"),
        ("Bücher/写真 1.png", "Bücher/写真 1.png"),
        ("a\nb\r\u2028c\x85d", "a\\nb\\r\\u2028c\\x85d"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\udcff.png", "\\udcff.png"),
    ],
)
def test_an_error_is_one_line(text, shown, capsys):
    assert str(FerMdError(text)) == str(NotFiniteError(text)) == shown

    def fail():
        raise FerMdError(text)

    assert guard(fail) == 1 and capsys.readouterr().err == f"error: {shown}\n"


def test_a_page_of_a_library_becomes_its_first_line():
    assert first_line(ValueError("\nno such layer\nconfig: {...}")) == "no such layer"
    assert first_line(KeyError()) == "KeyError"
