"""The exceptions that a user's mistake or a bad file ends in."""


class FerMdError(Exception):
    """Bad input. The message says which file or argument it is, what the rule is, what was found and what to do.

    The command line prints it as a single line and exits with status 1.
    """


class NotFiniteError(FerMdError):
    """A loss or a weight is no longer a finite number: the training diverged."""
