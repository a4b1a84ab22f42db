"""The exception that a user's mistake or a bad file ends in."""


class FerMdError(Exception):
    """Bad input, named: the message says the file or argument, the rule, what was found and what to do.

    ``fer_md.console.run`` prints it as a single line and exits with status 1;
    the traceback is shown only with ``--debug``.
    """


class NotFiniteError(FerMdError):
    """A loss or a weight is no longer a number: the training ran away."""
