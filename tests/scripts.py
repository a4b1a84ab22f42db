"""Scripts run inside the test's process: TensorFlow is imported once and not once a script."""

import contextlib
import importlib.util
import io
import runpy
import subprocess
import sys
from pathlib import Path

import keras
from absl import app, flags

import fer_md.console  # noqa: F401  (defines --debug)
from fer_md.files import working_directory

ROOT = Path(__file__).parents[1]
app.define_help_flags()  # once, and not with the first script


def run_script(script, *arguments, cwd=ROOT):
    """What ``subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True)`` returns.

    Args:
        script: path, relative to the project's root.
        arguments: of the command line.
        cwd: working directory of the script.
    """
    path, output, errors = ROOT / script, io.StringIO(), io.StringIO()
    known, policy, argv = set(flags.FLAGS), keras.config.dtype_policy(), sys.argv
    sys.argv = [str(path), *map(str, arguments)]
    try:
        with working_directory(cwd), contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            status = _status_of(path)
    finally:
        sys.argv = argv
        keras.config.set_dtype_policy(policy)
        for name in set(flags.FLAGS) - known:
            delattr(flags.FLAGS, name)
        flags.FLAGS.unparse_flags()
        flags.FLAGS["debug"].unparse()
    return subprocess.CompletedProcess([script, *arguments], status, output.getvalue(), errors.getvalue())


def benchmark(name):
    """A script of benchmarks/ as a module; the folder itself has modules of the names of others."""
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", ROOT / "benchmarks" / f"{name}.py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _status_of(path):
    try:
        runpy.run_path(str(path), run_name="__main__")
    except SystemExit as end:
        return int(end.code or 0)
    return 0
