# make help lists the targets; the two that matter are `make reproduce` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Folder with the real data sets (see data-found); without it faces are drawn.
DATA_ROOT ?=
# Recipe for real data: quick, paper or full.
PRESET ?= quick
SEED ?= 0

FER2013 := $(firstword $(wildcard $(addprefix $(DATA_ROOT)/fer2013.csv,.xz .gz .zip) $(DATA_ROOT)/fer2013.csv))
FERPLUS := $(wildcard $(DATA_ROOT)/fer2013new.csv)
PHOTOGRAPHS := $(firstword $(wildcard $(DATA_ROOT)/facial_expressions.zip $(DATA_ROOT)/facial_expressions))
ifeq ($(and $(DATA_ROOT),$(FER2013)),)
  DATA := runs/data/synthetic-lab
  RUN := runs/synthetic-lab/seed$(SEED)
  RECIPE := smoke
else
  DATA := runs/data/fer2013
  RUN := runs/$(PRESET)/seed$(SEED)
  RECIPE := $(PRESET)
endif

.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -hE '^[a-z][a-z0-9-]*:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /  make \1\t/' | expand -t 24

reproduce: setup data-found $(RUN)/DONE  ## data, training, evaluation, export and report; DATA_ROOT=DIR for real data
	$(BIN)/python experiments/evaluate.py --run_dir=$(RUN) --data=$(DATA) --split=PublicTest
	$(BIN)/python experiments/evaluate.py --run_dir=$(RUN) --data=$(DATA) --split=PrivateTest
	$(BIN)/python experiments/export.py --run_dir=$(RUN) --output=$(RUN)/export
	$(BIN)/python experiments/report.py --runs=$(RUN) --data=$(DATA) --output=runs/report \
		--drawn_faces=docs/results/drawn-faces.json
	@echo $(CURDIR)/runs/report/index.html

# A line that says where a data set was found, or how to get it: name, place, source.
found = @echo "$(1): $(or $(2),not found; $(3))"

data-found:  ## list the data sets in DATA_ROOT, and where to get those that are not there
ifeq ($(DATA_ROOT),)
	@echo "No DATA_ROOT: training on faces drawn here (synthetic). Real data: make reproduce DATA_ROOT=DIR"
else ifeq ($(wildcard $(DATA_ROOT)/.),)
	$(error DATA_ROOT=$(DATA_ROOT): no such folder)
else
	$(call found,FER2013,$(FER2013),fer2013.csv (plain or .xz .gz .zip) is in the Kaggle challenge 'Challenges in \
	Representation Learning: Facial Expression Recognition')
	$(call found,FER+,$(FERPLUS),fer2013new.csv is in github.com/microsoft/FERPlus)
	$(call found,facial_expressions,$(PHOTOGRAPHS),a zip or clone of github.com/muxspace/facial_expressions)
	$(if $(FER2013),,@echo "No FER2013: training on faces drawn here (synthetic) instead.")
	@echo "docs/DATA.md says more about each of them."
endif

runs/data/synthetic-%/dataset.json:
	$(BIN)/python data_prep/synthetic.py --domain=$* --count=6000 --seed=0 --output=$(@D)

runs/data/fer2013/dataset.json:
	$(BIN)/python data_prep/fer2013.py --source=$(FER2013) $(addprefix --ferplus=,$(FERPLUS)) --output=$(@D)

$(RUN)/DONE: $(DATA)/dataset.json
	$(BIN)/python experiments/pretrain.py --data=$(DATA) --run_dir=$(RUN) --preset=$(RECIPE) --seed=$(SEED)

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

bench: setup $(DATA)/dataset.json  ## measure the training step and the input pipeline
	$(BIN)/python benchmarks/training_step.py
	$(BIN)/python benchmarks/input_pipeline.py --data=$(DATA)

lint: setup  ## check the style
	$(BIN)/python -m ruff check .

clean:  ## remove what the targets made, but not runs/
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache

.PHONY: help reproduce data-found setup test test-slow bench lint clean
.SECONDARY:
