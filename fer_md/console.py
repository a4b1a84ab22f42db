"""How every script of the project starts: quiet logs, help that teaches, errors in one line."""

import math
import sys
import traceback

from absl import app, flags, logging

from fer_md.errors import FerMdError
from fer_md.files import FULL_DISK

flags.DEFINE_bool("debug", False, "Show the traceback of an error.")

STOPPED = 130
"""Exit status of what was told to stop before its end, also of a training that can go on: so make goes no further."""


def run(main):
    """Runs ``main()`` under absl flags and ends the process with its status; see `guard`.

    Args:
        main: a function without arguments, called once the flags are parsed; returns None or an exit status.
    """

    def guarded(argv):
        if len(argv) > 1:
            message = f"{argv[1]}: unexpected argument; flags are written --name=value (see --help)"
            return _fail(message, flags.FLAGS.debug)
        if empty := [flag for flag in flags.FLAGS if flags.FLAGS[flag].present and flags.FLAGS[flag].value == []]:
            return _fail(f"--{empty[0]} is empty; name at least one, separated by commas", flags.FLAGS.debug)
        return guard(main, flags.FLAGS.debug)

    logging.set_verbosity(logging.ERROR)
    app.run(guarded, flags_parser=_parse_flags)


def _parse_flags(argv):
    """What absl's own parser does, with required flags marked in the help, help a success, and errors in one line."""
    required = _required()
    for name in required:
        flags.FLAGS[name].help += " (required)"
    try:
        return flags.FLAGS(argv)
    except SystemExit:  # of --help and its kin, which absl ends in 1
        sys.exit(0)
    except flags.Error as error:
        message, missing = str(error), [f"--{name}" for name in required if flags.FLAGS[name].value is None]
        if flags.FLAGS.is_parsed() and missing:  # each flag was understood
            message = f"{' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} required"
        sys.exit(_fail(f"{' '.join(message.split())}; see --help", False))


def _required():
    """Names of the flags that must be given: they start as None, and refuse it."""
    names = []
    for name in flags.FLAGS:
        try:
            if flags.FLAGS[name].default is None:
                flags.FLAGS.set_default(name, None)
        except flags.IllegalFlagValueError:
            names.append(name)
    return names


def guard(main, debug=False):
    """Runs ``main()``: a ``FerMdError`` and a file that cannot be used end in one line and status 1, Ctrl-C in 130.

    Args:
        main: a function without arguments; returns None or an exit status.
        debug: show the traceback as well.

    Returns:
        the exit status.
    """
    try:
        return main()
    except KeyboardInterrupt:
        return _fail("interrupted", debug, STOPPED)
    except FerMdError as error:
        return _fail(str(error), debug)
    except OSError as error:
        if error.errno in FULL_DISK:
            return _fail(f"{error.filename or 'output'}: no space left to write it; free some and run again", debug)
        if error.filename is None:
            raise
        return _fail(f"{error.filename}: cannot be used ({error.strerror}); name another or change its rights", debug)


def ended(run_dir, complete):
    """Says how a training came to its end; returns the exit status, None or ``STOPPED``."""
    print(f"{run_dir}: " + ("complete" if complete else "stopped; start it again to go on"))
    return None if complete else STOPPED


def _fail(message, debug, status=1):
    if debug:
        traceback.print_exc()
    print(f"error: {message}", file=sys.stderr)
    return status


def numbers(flag, texts):
    """The numbers of a list flag.

    Args:
        flag: its name, for the error.
        texts: list of str.

    Returns:
        list of float.

    Raises:
        FerMdError: one of them is not a finite number.
    """
    try:
        values = [float(text) for text in texts]
    except ValueError as error:
        raise FerMdError(f"--{flag} must be numbers, separated by commas ({error})") from None
    if not all(math.isfinite(value) for value in values):
        raise FerMdError(f"--{flag} must be finite numbers; found {', '.join(texts)}")
    return values


def whole_numbers(flag, texts, least=0):
    """The whole numbers of a list flag, such as seeds.

    Args:
        flag: its name, for the error.
        texts: list of str.
        least: the smallest that is allowed, not negative.

    Returns:
        list of int, all different.

    Raises:
        FerMdError: one of them is not a whole number, is smaller than ``least`` or is there twice.
    """
    wrong = [text for text in texts if not text.strip().isdecimal() or int(text) < least]
    if wrong:
        raise FerMdError(f"--{flag} must be whole numbers of at least {least}, separated by commas; found {wrong[0]!r}")
    values = [int(text) for text in texts]
    if repeated := [value for value in values if values.count(value) > 1]:
        raise FerMdError(f"--{flag} must be different numbers; found {repeated[0]} more than once")
    return values
