"""Errors are one line, whatever the names and contents of files hold."""

import pytest

from fer_md.console import guard
from fer_md.errors import FerMdError, NotFiniteError


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
