"""The exceptions that a user's mistake or a bad file ends in."""

import unicodedata

_CONTROLS = ("Cc", "Cs", "Zl", "Zp")
"""Categories of characters that would break the line, steer a terminal, or cannot be written in UTF-8."""


class FerMdError(Exception):
    """Bad input. The message says which file or argument it is, what the rule is, what was found and what to do.

    The command line prints it and exits with status 1. It is a single line: line ends and other controls, which names
    and contents of files may hold, are escaped, as ``\\n``.
    """

    def __str__(self) -> str:
        return "".join(
            character.encode("unicode_escape").decode() if unicodedata.category(character) in _CONTROLS else character
            for character in super().__str__()
        )


class NotFiniteError(FerMdError):
    """A loss or a weight is no longer a finite number: the training diverged."""


def first_line(error: Exception) -> str:
    """What an error of a library says, without the pages that some add; its kind where it says nothing."""
    return str(error).strip().split("\n")[0] or type(error).__name__
