# make help lists the targets; the two that matter are `make reproduce` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA_ROOT ?=
PRESET ?= quick

.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -hE '^[a-z][a-z-]*:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

setup: $(VENV)/.installed  ## create .venv and install the project with its test tools

$(VENV)/.installed: setup.cfg
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[test,lint]'
	@touch $@

test: setup  ## run the tests (not the slow ones)
	$(BIN)/python -m pytest

test-slow: setup  ## run the slow tests
	$(BIN)/python -m pytest -m slow

lint: setup  ## check the style
	$(BIN)/python -m ruff check .

clean:  ## remove what the targets made, but not runs/
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache

.PHONY: help setup test test-slow lint clean
