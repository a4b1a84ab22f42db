"""How every script of the project starts: quiet logs, help that teaches, errors in one line."""

import dataclasses
import math
import os
import sys
import traceback
import types
import typing
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from absl import app, flags, logging

from fer_md.environment import check_import
from fer_md.errors import FerMdError
from fer_md.files import FULL_DISK, check_new

flags.DEFINE_bool("debug", False, "Show the traceback of an error.")

STOPPED = 130
"""Exit status of what was told to stop before its end, also of a training that can go on: so make goes no further."""


def run(main: Callable[..., int | None], settings: type | None = None) -> None:
    """Runs ``main`` under the flags of the command line and ends the process with its status; see `guard`.

    Args:
        main: function of the settings that returns None or an exit status; without ``settings`` of no arguments.
        settings: frozen dataclass whose fields are made by `flag`. Each is a flag of its name.
    """
    open_streams()
    if settings is not None:
        _define_flags(settings)

    def guarded(argv):
        arguments = settings and _arguments_field(settings)
        if len(argv) > 1 and not arguments:
            message = f"{argv[1]}: unexpected argument; flags are written --name=value (see --help)"
            return _fail(message)
        if arguments and not argv[1:]:
            return _fail(f"name at least one {arguments.upper()} (see --help)")
        if empty := [flag for flag in flags.FLAGS if flags.FLAGS[flag].present and flags.FLAGS[flag].value == []]:
            return _fail(f"--{empty[0]} is empty; name at least one, separated by commas")
        if settings is None:
            return guard(main, flags.FLAGS.debug)
        return guard(lambda: main(_checked(_filled(settings, tuple(argv[1:])))), flags.FLAGS.debug)

    logging.set_verbosity(logging.ERROR)
    flags.FLAGS.set_gnu_getopt()  # flags may follow other arguments
    try:
        app.run(guarded, flags_parser=_parse_flags)
    except BrokenPipeError:  # of --help
        sys.exit(_pipe_ended(False))


REQUIRED = dataclasses.MISSING


def flag(
    text: str,
    default: Any = REQUIRED,
    *,
    least: float | None = None,
    most: float | None = None,
    choices: Sequence[str] = (),
    repeats: bool = False,
) -> Any:
    """A field of a settings dataclass that is a flag of the command line.

    >>> @dataclasses.dataclass(frozen=True)
    ... class Settings:
    ...     data: str = flag("Prepared folder.")
    ...     epochs: int | None = flag("In place of the preset's.", None, least=1)
    ...     seeds: tuple[int, ...] = flag("Seeds to train with.", (0,))

    The annotation says what the flag takes: ``str``, ``int``, ``float``, ``bool``, or a ``tuple`` of the first three,
    written with commas; ``| None`` where the flag may be missing. Values of a tuple of ``int`` are whole numbers of at
    least 0 (or ``least``), all different; those of a tuple of ``float`` are finite; those of a tuple of ``str`` are all
    different.

    Args:
        text: for ``--help``.
        default: value without the flag. Left out, the flag is required.
        least, most: smallest and largest number allowed.
        choices: the words allowed; all by default.
        repeats: a tuple of ``str`` may name something more than once.
    """
    metadata = {"text": text, "least": least, "most": most, "choices": choices, "repeats": repeats}
    return dataclasses.field(default=default, kw_only=True, metadata=metadata)


def new_file(text: str, default: Any = REQUIRED, ending: str = "", beside: str = "") -> Any:
    """The same for the path of a file to write, a ``str``, or ``str | None``.

    The script then has the flag ``--overwrite``, and without it ends before it begins where that file is there already.

    Args:
        text, default: as in `flag`.
        ending: that the path must have, such as ``.json``; any by default.
        beside: ending of a second file, with this in place of ``ending``; none by default.
    """
    return dataclasses.field(default=default, kw_only=True, metadata={**flag(text).metadata, "new": (ending, beside)})


def beside(path: Path | str, ending: str, other: str) -> Path:
    """The second file of `new_file`."""
    return Path(str(path).removesuffix(ending) + other)


def arguments() -> Any:
    """The field of a settings dataclass that takes what is no flag on the command line, one or more.

    It is a ``tuple[str, ...]``; the script's docstring says what it is.
    """
    return dataclasses.field(kw_only=True, metadata={"arguments": True})


def _flag_fields(settings):
    return [field for field in dataclasses.fields(settings) if "arguments" not in field.metadata]


def _new_files(settings):
    return [field for field in _flag_fields(settings) if "new" in field.metadata]


def _arguments_field(settings):
    """The name of the field that `arguments` made, or None."""
    return next((field.name for field in dataclasses.fields(settings) if "arguments" in field.metadata), None)


def one_of(name: str, value: str, choices: Collection[str]) -> str:
    """A value of a flag whose choices only its script knows; ``FerMdError`` where it is none of them."""
    if value not in choices:
        raise FerMdError(f"--{name} must be one of {', '.join(choices)}; got {value}")
    return value


def _define_flags(settings):
    hints = typing.get_type_hints(settings)
    for field in _flag_fields(settings):
        kind, item = _kind(hints[field.name])
        required = field.default is REQUIRED
        default: Any = None if required else field.default
        # Under its name in argv, absl takes the flags for those of the script, which --help lists.
        common = {"help": field.metadata["text"], "module_name": sys.argv[0], "required": required}
        bounds = {"lower_bound": field.metadata["least"], "upper_bound": field.metadata["most"]}
        if field.metadata["choices"]:
            flags.DEFINE_enum(field.name, default, list(field.metadata["choices"]), **common)
        elif item is not None:
            flags.DEFINE_list(field.name, default and [str(value) for value in default], **common)
        elif kind is bool:
            flags.DEFINE_bool(field.name, default, **common)
        elif kind is str:
            flags.DEFINE_string(field.name, default, **common)
        else:
            define = flags.DEFINE_integer if kind is int else flags.DEFINE_float
            define(field.name, default, **common, **bounds)
    if names := [f"--{field.name}" for field in _new_files(settings)]:
        text = f"Replace what {' and '.join(names)} {'names' if len(names) == 1 else 'name'} if it is there."
        flags.DEFINE_bool("overwrite", False, text, module_name=sys.argv[0])


def _filled(settings, others):
    """The settings with the values of the parsed flags, and the ``others`` that are none."""
    hints, values = typing.get_type_hints(settings), {}
    if name := _arguments_field(settings):
        values[name] = others
    for field in _flag_fields(settings):
        value, item = flags.FLAGS[field.name].value, _kind(hints[field.name])[1]
        if item is int and value is not None:
            value = whole_numbers(field.name, value, field.metadata["least"] or 0)
        elif item is float and value is not None:
            value = numbers(field.name, value)
        elif item is str and value is not None and not field.metadata["repeats"]:
            value = different(field.name, value)
        values[field.name] = tuple(value) if isinstance(value, list) else value
    return settings(**values)


def _checked(settings):
    """The settings, where none of the files to write is there already; folders are checked by what makes them."""
    for field in _new_files(settings):
        if path := getattr(settings, field.name):
            ending, other = field.metadata["new"]
            if not path.endswith(ending):
                raise FerMdError(f"--{field.name} must end in {ending}; found {path}")
            for file in (path, beside(path, ending, other)) if other else (path,):
                check_new(file, flags.FLAGS.overwrite)
    return settings


def _kind(hint):
    """(type, type of its items or None) of an annotation, without its ``None``."""
    if isinstance(hint, types.UnionType):
        (hint,) = (part for part in typing.get_args(hint) if part is not type(None))
    if typing.get_origin(hint) is tuple:
        return tuple, typing.get_args(hint)[0]
    return hint, None


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
        sys.exit(_fail(f"{' '.join(message.split())}; see --help"))


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


def open_streams() -> None:
    """Leads what is written to a closed stdout or stderr nowhere, rather than into the next file that is opened."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            if descriptor != number:
                os.dup2(descriptor, number)
                os.close(descriptor)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8", closefd=False))


def guard(main: Callable[[], int | None], debug: bool = False) -> int | None:
    """Runs ``main()``: a ``FerMdError``, a missing package and a file that cannot be used end in one line and status 1,
    Ctrl-C in 130.

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
    except ModuleNotFoundError as error:
        package = str(error.name).split(".")[0]
        return _fail(f"this needs {package}, which is not installed: pip install {package}", debug)
    except MemoryError as error:
        return _fail(f"not enough memory ({error}); take less at once", debug)
    except BrokenPipeError:
        return _pipe_ended(debug)
    except OSError as error:
        if error.errno in FULL_DISK:
            return _fail(f"{error.filename or 'output'}: no space left to write it; free some and run again", debug)
        if error.filename is None:
            raise
        return _fail(f"{error.filename}: cannot be used ({error.strerror}); name another or change its rights", debug)


def _pipe_ended(debug):
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python's own flush at the end would say it again
    return _fail("what this was piped into has ended", debug)


def ended(run_dir: Path | str, complete: bool) -> int | None:
    """Says how a training came to its end; returns the exit status, None or ``STOPPED``."""
    print(f"{run_dir}: " + ("complete" if complete else "stopped; start it again to go on"))
    return None if complete else STOPPED


def _fail(message, debug=False, status=1):
    if debug:
        traceback.print_exc()
    print(f"error: {message}", file=sys.stderr)
    return status


def _end_in_one_line(kind, error, trace):
    """Hook for errors that nothing catches, such as those of the imports of a script."""
    try:
        if isinstance(error, FerMdError):
            raise error
        if isinstance(error, ImportError):
            check_import(error)
    except FerMdError as reason:
        if "--debug" not in sys.argv:
            _fail(str(reason))
            return
    sys.__excepthook__(kind, error, trace)


sys.excepthook = _end_in_one_line


def numbers(flag: str, texts: Sequence[str]) -> list[float]:
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


def whole_numbers(flag: str, texts: Sequence[str], least: int = 0) -> list[int]:
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


def different(flag: str, names: Sequence[str]) -> Sequence[str]:
    """The names of a list flag; ``FerMdError`` where one is there twice."""
    if repeated := [name for name in names if names.count(name) > 1]:
        raise FerMdError(f"--{flag} names {repeated[0]} more than once")
    return names
