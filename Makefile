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
PHOTOS := $(wildcard $(addsuffix /photos,$(DATA_ROOT)))
# The method (docs/METHOD.md): component 1 learns D1, component 2 learns D2, then they exchange their data sets.
ifeq ($(and $(DATA_ROOT),$(FER2013)),)
  D1 := runs/data/synthetic-lab
  D2 := runs/data/synthetic-wild
  RUNS := runs/synthetic/seed$(SEED)
  FLAGS1 := --preset=smoke --epochs=14
  FLAGS2 := $(FLAGS1)
  FINETUNE := --epochs=4
else
  D1 := runs/data/fer2013
  D2 := $(if $(PHOTOGRAPHS),runs/data/facial_expressions,runs/data/synthetic-wild)
  RUNS := runs/$(PRESET)/seed$(SEED)
  FLAGS1 := --preset=$(PRESET)
  # The smaller data set takes more passes (the paper: 200 and 311).
  FLAGS2 := --preset=$(PRESET) --epochs=$(or $(EPOCHS2_$(PRESET)),40)
  FINETUNE := --epochs=$(or $(EPOCHS_FINETUNE_$(PRESET)),6)
endif
EPOCHS2_paper := 311
EPOCHS2_full := 120
EPOCHS_FINETUNE_paper := 200
EPOCHS_FINETUNE_full := 20
C1 := $(RUNS)/component1
C2 := $(RUNS)/component2
BOTH := $(RUNS)/finetuned
# The measured figures: a file for each table and figure.
RESULTS := $(RUNS)/results

.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -hE '^[a-z][a-z0-9-]*:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /  make \1\t/' | expand -t 24

reproduce: setup data-found $(RESULTS)/stages.json  ## data, training, fine-tuning, evaluation, export, report; DATA_ROOT=DIR for real data
	$(BIN)/python experiments/evaluate.py --run_dir=$(C1) --data=$(D1) --split=PublicTest
	$(BIN)/python experiments/evaluate.py --run_dir=$(C2) --data=$(D2) --split=PublicTest
	$(BIN)/python experiments/export.py --run_dir=$(BOTH) --data=$(D1) --output=$(BOTH)/export
	$(BIN)/python experiments/report.py --runs=$(C1),$(C2) --data=$(D1),$(D2) --finetuned=$(BOTH) --results=$(RESULTS) \
	  --drawn_faces=docs/results/drawn-faces.json $(addprefix --photographs=,$(PHOTOS)) --output=runs/report
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
	$(call found,whole photographs,$(PHOTOS),a folder photos/ of your own; the report shows their faces)
	$(if $(FER2013),,@echo "No FER2013: training on faces drawn here (synthetic) instead.")
	@echo "docs/DATA.md says more about each of them."
endif

runs/data/synthetic-%/dataset.json:
	$(BIN)/python data_prep/synthetic.py --domain=$* --count=6000 --seed=0 --output=$(@D)

runs/data/fer2013/dataset.json:
	$(BIN)/python data_prep/fer2013.py --source=$(FER2013) $(addprefix --ferplus=,$(FERPLUS)) --output=$(@D)

runs/data/facial_expressions/dataset.json:
	$(BIN)/python data_prep/facial_expressions.py --source=$(PHOTOGRAPHS) --output=$(@D)

$(C1)/DONE: $(D1)/dataset.json $(D2)/dataset.json
	$(BIN)/python experiments/pretrain.py --data=$(D1) --protocol=$(D2) --run_dir=$(C1) $(FLAGS1) --seed=$(SEED)

$(C2)/DONE: $(D1)/dataset.json $(D2)/dataset.json
	$(BIN)/python experiments/pretrain.py --data=$(D2) --protocol=$(D1) --run_dir=$(C2) $(FLAGS2) --seed=$(SEED)

$(BOTH)/DONE: $(C1)/DONE $(C2)/DONE
	$(BIN)/python experiments/finetune.py --components=$(C1),$(C2) --data=$(D1),$(D2) --run_dir=$(BOTH) $(FINETUNE) --seed=$(SEED)

$(RESULTS)/stages.json: $(BOTH)/DONE
	$(BIN)/python experiments/compare_stages.py --components=$(C1),$(C2) --finetuned=$(BOTH) --data=$(D1),$(D2) --output=$@

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

bench: setup $(D1)/dataset.json  ## measure the training step, the input pipeline and MD loss
	$(BIN)/python benchmarks/training_step.py
	$(BIN)/python benchmarks/input_pipeline.py --data=$(D1)
	$(BIN)/python benchmarks/md_loss.py

lint: setup  ## check the style
	$(BIN)/python -m ruff check .

clean:  ## remove what the targets made, but not runs/
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache

.PHONY: help reproduce data-found setup test test-slow bench lint clean
.SECONDARY:
