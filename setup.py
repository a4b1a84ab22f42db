"""The list of packages, part of which setup.cfg maps to other folders; everything else is declared there."""

from setuptools import find_packages, setup

SCRIPTS = [
    "data_prep",
    "experiments",
    *(f"experiments.{name}" for name in find_packages("experiments")),
]

setup(packages=[*find_packages(include=["fer_md*"]), *(f"fer_md._scripts.{name}" for name in SCRIPTS)])
