# make help lists the targets; the two that matter are `make reproduce` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Large tensors come in huge pages instead of pieces of 4 kB, which is faster (glibc; others ignore it).
export GLIBC_TUNABLES ?= glibc.malloc.hugetlb=1
# Folder with the real data sets (see data-found); without it faces are drawn.
DATA_ROOT ?=
# Recipe for real data: quick, paper or full.
PRESET ?= quick
SEED ?= 0

FER2013 := $(firstword $(wildcard $(addprefix $(DATA_ROOT)/,fer2013.csv.xz fer2013.csv.gz fer2013.csv.zip fer2013.csv \
  fer2013.tar.gz icml_face_data.csv)))
FERPLUS := $(wildcard $(DATA_ROOT)/fer2013new.csv)
PHOTOGRAPHS := $(firstword $(wildcard $(foreach name,facial_expressions facial_expressions-master,\
  $(DATA_ROOT)/$(name).zip $(DATA_ROOT)/$(name))))
CKPLUS := $(firstword $(wildcard $(addsuffix /CK+,$(DATA_ROOT)) $(addsuffix /CK+.zip,$(DATA_ROOT))))
MMI := $(wildcard $(addsuffix /MMI,$(DATA_ROOT)))
FRAMES := $(wildcard $(addsuffix /ytf_landmarks68.zip,$(DATA_ROOT)))
PHOTOS := $(wildcard $(addsuffix /photos,$(DATA_ROOT)))
# Where the presets differ.
EPOCHS2_quick := 60
EPOCHS2_paper := 311
EPOCHS2_full := 120
STAGE2_paper := --preset=paper-finetune
# Fine-tuning ends when no component has got better for so long.
PATIENCE_paper := --patience=10
EPOCHS_FINETUNE_paper := 200
EPOCHS_FINETUNE_full := 20
EPOCHS_ADAPT_paper := 200
LANDMARKS_paper := --network=default --epochs=40
LANDMARKS_full := --epochs=40

# The method (docs/METHOD.md): component 1 learns D1, component 2 learns D2, then they exchange their data sets.
ifeq ($(and $(DATA_ROOT),$(FER2013)),)
  D1 := runs/data/synthetic-lab
  D2 := runs/data/synthetic-wild
  RUNS := runs/synthetic/seed$(SEED)
  NETWORK := --network=small
  FLAGS1 := --preset=drawn $(NETWORK)
  FLAGS2 := $(FLAGS1)
  FINETUNE := --preset=drawn-finetune
  # What the exchange is compared with: each component goes on alone, or learns both data sets at once.
  ALONE := $(RUNS)/alone1 $(RUNS)/alone2
  JOINT := $(RUNS)/joint1 $(RUNS)/joint2
  METHODS := --network=small --epochs=3 --seeds=$(SEED) --rates=0.02
  COMMITTED := docs/results/synthetic
else
  ifeq ($(EPOCHS2_$(PRESET)),)
    $(error PRESET must be quick, paper or full, which have a second stage, not '$(PRESET)')
  endif
  D1 := runs/data/fer2013
  D2 := $(if $(PHOTOGRAPHS),runs/data/facial_expressions,runs/data/synthetic-wild)
  RUNS := runs/$(PRESET)/seed$(SEED)
  FLAGS1 := --preset=$(PRESET)
  # The smaller data set takes more passes (the paper: 200 and 311).
  FLAGS2 := --preset=$(PRESET) --epochs=$(EPOCHS2_$(PRESET))
  FINETUNE := $(strip $(PATIENCE_$(PRESET)) $(STAGE2_$(PRESET)) --epochs=$(or $(EPOCHS_FINETUNE_$(PRESET)),6))
  # Equal short budgets for Tab. 4: 90 trainings on each data set, of which 54 stand in it and 36 choose learning
  # rates; one to two hours each on 2 shared cores.
  METHODS := --images=3000 --epochs=6
  # The photographs are divided 70/30 by person, as the paper's faces were, and give Meng et al. their pairs.
  TABLE4_WILD := $(if $(PHOTOGRAPHS),table4-wild)
  COMMITTED := docs/results/$(PRESET)
endif
# Fig. 6: half an hour on 2 shared cores on the frames; a minute on drawn faces.
LANDMARKS := $(if $(FRAMES),$(or $(LANDMARKS_$(PRESET)),--epochs=32),--network=small --drawn=800 --epochs=6)
C1 := $(RUNS)/component1
C2 := $(RUNS)/component2
BOTH := $(RUNS)/finetuned
# The measured figures: a file for each table and figure.
RESULTS := $(RUNS)/results
PARTS := reproduce-table1 reproduce-table2 reproduce-table3 reproduce-table4 reproduce-figure6
DONE := $(C1)/eval/PublicTest/metrics.json $(C2)/eval/PublicTest/metrics.json $(RESULTS)/stages.json \
  $(BOTH)/export/1/saved_model.pb
# The card of a data set that only Tab. 2 or 3 uses, once it is prepared.
card = $(shell test -e $(1)/dataset.json && echo $(1))
CARDS = $(strip $(foreach name,$(if $(CKPLUS),ckplus) $(if $(MMI),mmi),$(call card,runs/data/$(name))))
comma := ,
space := $(subst ,, )
WRITE_REPORT = $(BIN)/python experiments/report.py --runs=$(C1),$(C2) --data=$(D1),$(D2) --finetuned=$(BOTH) \
  $(if $(CARDS),--more_data=$(subst $(space),$(comma),$(CARDS))) \
  --results=$(RESULTS) --drawn_faces=docs/results/drawn-faces.json $(addprefix --photographs=,$(PHOTOS)) \
  --output=runs/report

.DEFAULT_GOAL := help

help:  ## list the commands
	@awk '/^##@/ {print "\n" substr($$0, 5)} \
	  /^[a-z][a-z0-9-]*:.*## / {split($$0, part, ":"); sub(/.*## /, ""); printf "  make %-20s  %s\n", part[1], $$0}' $(MAKEFILE_LIST)

##@ Reproduce the paper (real faces: DATA_ROOT=DIR PRESET=quick|paper|full SEED=0; else faces drawn here)

reproduce: setup data-found $(PARTS) $(DONE)  ## everything: data, training, tables, figures, export, report
	$(WRITE_REPORT)
	@echo $(CURDIR)/runs/report/index.html

reproduce-table1: setup $(RESULTS)/table1.json  ## Tab. 1: confusion matrix of the fused network

reproduce-table2: setup $(if $(CKPLUS),$(RESULTS)/table2.json)  ## Tab. 2: the same on CK+ (needs the data)
	$(if $(CKPLUS),,@echo "Tab. 2 needs the data: CK+ as DIR/CK+ or DIR/CK+.zip, then make $@ DATA_ROOT=DIR")

reproduce-table3: setup $(if $(MMI),$(RESULTS)/table3.json)  ## Tab. 3: the same on MMI (needs the data)
	$(if $(MMI),,@echo "Tab. 3 needs the data: MMI, unpacked, as DIR/MMI, then make $@ DATA_ROOT=DIR")

reproduce-table4: setup $(patsubst %,$(RESULTS)/%.json,table4 $(TABLE4_WILD))  ## Tab. 4: the other methods, with and without MD loss

reproduce-figure6: setup $(RESULTS)/figure6.json  ## Fig. 6: errors of 68 landmarks

report: setup $(DONE)  ## an HTML report about the method, from what has been made
	$(WRITE_REPORT)

check-results: setup  ## compare what you measured with the committed figures
	$(BIN)/python experiments/check_results.py --measured=$(RESULTS) --committed=$(COMMITTED)

# A line that says where a data set was found, or how to get it: name, place, source.
found = @echo "$(1): $(or $(2),not found; $(3))"

data-found:  ## say which data sets are in DATA_ROOT, and where to get the others
ifeq ($(DATA_ROOT),)
	@echo "No DATA_ROOT: training on faces drawn here (synthetic). Real data: make reproduce DATA_ROOT=DIR"
else ifeq ($(wildcard $(DATA_ROOT)/.),)
	$(error DATA_ROOT=$(DATA_ROOT): no such folder)
else
	$(call found,FER2013,$(FER2013),fer2013.tar.gz or icml_face_data.csv of the Kaggle challenge 'Challenges in \
	Representation Learning: Facial Expression Recognition'$(comma) or fer2013.csv (plain or .xz .gz .zip))
	$(call found,FER+,$(FERPLUS),fer2013new.csv is in github.com/microsoft/FERPlus)
	$(call found,facial_expressions,$(PHOTOGRAPHS),a zip or clone of github.com/muxspace/facial_expressions)
	$(call found,CK+,$(CKPLUS),on request from its authors; Tab. 2)
	$(call found,MMI,$(MMI),on request at mmifacedb.eu; Tab. 3)
	$(call found,video frames with landmarks,$(FRAMES),ytf_landmarks68.zip; Fig. 6 uses drawn faces)
	$(call found,whole photographs,$(PHOTOS),a folder photos/ of your own; the report shows their faces)
	$(if $(FER2013),,@echo "No FER2013: training on faces drawn here (synthetic) instead.")
	@echo "docs/DATA.md says more about each of them."
endif

runs/data/synthetic-%/dataset.json:
	$(BIN)/python data_prep/synthetic.py --domain=$* --count=4000 --seed=0 --output=$(@D)

runs/data/fer2013/dataset.json:
	$(BIN)/python data_prep/fer2013.py --source=$(FER2013) $(addprefix --ferplus=,$(FERPLUS)) --output=$(@D)

runs/data/facial_expressions/dataset.json:
	$(BIN)/python data_prep/facial_expressions.py --source=$(PHOTOGRAPHS) --output=$(@D)

runs/data/ckplus/dataset.json:
	$(BIN)/python data_prep/ckplus.py --source=$(CKPLUS) --min_face=60 --output=$(@D)

runs/data/mmi/dataset.json:
	$(BIN)/python data_prep/mmi.py --source=$(MMI) --neutral=first --min_face=60 --output=$(@D)

$(C1)/DONE: $(D1)/dataset.json $(D2)/dataset.json
	$(BIN)/python experiments/pretrain.py --data=$(D1) --protocol=$(D2) --run_dir=$(C1) $(FLAGS1) --seed=$(SEED)

$(C2)/DONE: $(D1)/dataset.json $(D2)/dataset.json
	$(BIN)/python experiments/pretrain.py --data=$(D2) --protocol=$(D1) --run_dir=$(C2) $(FLAGS2) --seed=$(SEED)

$(RUNS)/alone1/DONE: $(C1)/DONE
	$(BIN)/python experiments/pretrain.py --start=$(C1) --data=$(D1) --protocol=$(D2) --run_dir=$(@D) $(NETWORK) \
	  $(FINETUNE) --seed=$(SEED)

$(RUNS)/alone2/DONE: $(C2)/DONE
	$(BIN)/python experiments/pretrain.py --start=$(C2) --data=$(D2) --protocol=$(D1) --run_dir=$(@D) $(NETWORK) \
	  $(FINETUNE) --seed=$(SEED)

$(RUNS)/joint1/DONE: $(C1)/DONE
	$(BIN)/python experiments/joint.py --start=$(C1) --data=$(D1),$(D2) --run_dir=$(@D) $(NETWORK) $(FINETUNE) --seed=$(SEED)

$(RUNS)/joint2/DONE: $(C2)/DONE
	$(BIN)/python experiments/joint.py --start=$(C2) --data=$(D2),$(D1) --run_dir=$(@D) $(NETWORK) $(FINETUNE) --seed=$(SEED)

$(BOTH)/DONE: $(C1)/DONE $(C2)/DONE
	$(BIN)/python experiments/finetune.py --components=$(C1),$(C2) --data=$(D1),$(D2) --run_dir=$(BOTH) $(FINETUNE) --seed=$(SEED)

$(RUNS)/ckplus/DONE $(RUNS)/mmi/DONE: $(RUNS)/%/DONE: $(BOTH)/DONE runs/data/%/dataset.json
	$(BIN)/python experiments/adapt.py --finetuned=$(BOTH) --data=runs/data/$* --protocol=$(D1),$(D2) --run_dir=$(@D) --seed=$(SEED) \
	  $(strip $(STAGE2_$(PRESET)) --epochs=$(or $(EPOCHS_ADAPT_$(PRESET)),60))

$(C1)/eval/PublicTest/metrics.json: $(C1)/DONE $(D1)/dataset.json
	$(BIN)/python experiments/evaluate.py --run_dir=$(C1) --data=$(D1) --split=PublicTest

$(C2)/eval/PublicTest/metrics.json: $(C2)/DONE $(D2)/dataset.json
	$(BIN)/python experiments/evaluate.py --run_dir=$(C2) --data=$(D2) --split=PublicTest

$(BOTH)/export/1/saved_model.pb: $(BOTH)/DONE
	$(BIN)/python experiments/export.py --run_dir=$(BOTH) --data=$(D1) --output=$(BOTH)/export

$(RESULTS)/stages.json: $(BOTH)/DONE $(C1)/DONE $(C2)/DONE $(addsuffix /DONE,$(ALONE) $(JOINT)) $(D1)/dataset.json $(D2)/dataset.json
	$(BIN)/python experiments/compare_stages.py --components=$(C1),$(C2) --finetuned=$(BOTH) --data=$(D1),$(D2) \
	  $(if $(ALONE),--alone=$(subst $(space),$(comma),$(ALONE))) $(if $(JOINT),--joint=$(subst $(space),$(comma),$(JOINT))) \
	  --output=$@ --overwrite

$(RESULTS)/table1.json: $(BOTH)/DONE $(D1)/dataset.json $(D2)/dataset.json
	$(BIN)/python experiments/confusion_table.py --table=1 --run_dir=$(BOTH) --data=$(D1),$(D2) --output=$@ --overwrite

$(RESULTS)/table2.json: $(RUNS)/ckplus/DONE runs/data/ckplus/dataset.json
	$(BIN)/python experiments/confusion_table.py --table=2 --run_dir=$(<D),$(BOTH) --data=runs/data/ckplus --output=$@ --overwrite

$(RESULTS)/table3.json: $(RUNS)/mmi/DONE runs/data/mmi/dataset.json
	$(BIN)/python experiments/confusion_table.py --table=3 --run_dir=$(<D),$(BOTH) --data=runs/data/mmi --output=$@ --overwrite

$(RESULTS)/table4.json: $(D1)/dataset.json
	$(BIN)/python experiments/compare_methods.py --data=$(D1) --run_dir=$(RUNS)/methods $(METHODS) --output=$@ --overwrite

$(RESULTS)/table4-wild.json: $(D2)/dataset.json
	$(BIN)/python experiments/compare_methods.py --data=$(D2) --run_dir=$(RUNS)/wild-methods $(METHODS) --output=$@ --overwrite

# What was measured on other faces, drawn or frames, than are there now is measured anew, however old the file is.
$(RESULTS)/figure6.json: $(FRAMES) $(if $(shell grep -s$(if $(FRAMES),L,l) '"video frames"' $(RESULTS)/figure6.json),anew)
	$(BIN)/python experiments/landmarks.py $(addprefix --data=,$(FRAMES)) \
	  --run_dir=$(RUNS)/$(if $(FRAMES),frame-landmarks,landmarks) $(LANDMARKS) \
	  --seeds=$(SEED) --output=$@ --overwrite --picture=$(@:.json=.png) --faces=$(@:.json=-faces.png)

##@ Develop

setup: $(VENV)/.installed  ## create .venv with the project and its tools for tests and style

$(VENV)/.installed: setup.cfg
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[test,lint]'
	@touch $@

test: setup  ## run the tests (not the slow ones)
	$(BIN)/python -m pytest -n auto --maxprocesses=4 --dist loadfile

test-slow: $(VENV)/.clusters  ## run the slow tests
	$(BIN)/python -m pytest -m slow

SERVING_IMAGE := tensorflow/serving:2.21.0

demo: setup  ## show a page for the browser: faces in pictures and from the camera
	$(BIN)/fer-md demo

serve-check: setup  ## run the tests of the server against TensorFlow Serving itself, where docker works
	@if docker info >/dev/null 2>&1; then \
	  TENSORFLOW_SERVING_IMAGE=$(SERVING_IMAGE) $(BIN)/python -m pytest tests/serving/test_contract.py; \
	else echo "docker does not work here: TensorFlow Serving was not checked"; fi

# Each worker learns of the others from TF_CONFIG. One that dies ends the other; the same command goes on.
WORKERS := ["127.0.0.1:23451", "127.0.0.1:23452"]
define train_worker
TF_CONFIG='{"cluster": {"worker": $(WORKERS)}, "task": {"type": "worker", "index": $(1)}}' \
  $(BIN)/python experiments/pretrain.py --strategy=multiworker --preset=drawn --network=small --epochs=2 \
  --data=runs/data/synthetic-lab --protocol=runs/data/synthetic-wild --run_dir=runs/two-workers
endef

train-two-workers: setup runs/data/synthetic-lab/dataset.json runs/data/synthetic-wild/dataset.json  ## train on two workers of this machine
	$(call train_worker,1) & other=$$!; $(call train_worker,0); status=$$?; wait $$other && exit $$status

bench: setup $(D1)/dataset.json  ## time the training step, the input pipeline and MD loss
	$(BIN)/python benchmarks/training_step.py
	$(BIN)/python benchmarks/input_pipeline.py --data=$(D1)
	$(BIN)/python benchmarks/md_loss.py

lint: setup  ## check style and types
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check --quiet .
	$(BIN)/python -m mypy

torture: setup  ## kill every stage at a hundred random moments; the results must be bit-equal
	$(BIN)/python benchmarks/kills.py

fuzz: $(VENV)/.fuzz  ## fuzz every reader of external files for ten minutes; findings in runs/fuzz
	$(BIN)/python benchmarks/fuzz.py

soak: setup  ## 20,000 predictions and 50 predictors; memory must not grow
	$(BIN)/python benchmarks/soak.py

audit: $(VENV)/.audit  ## fail on known vulnerabilities and incompatible licences of the installed packages
	$(BIN)/python benchmarks/audit.py

$(VENV)/.fuzz $(VENV)/.audit $(VENV)/.clusters: $(VENV)/.%: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[$*]'
	@touch $@

coverage: setup  ## run the tests and list the lines that none of them runs
	$(BIN)/python -m pytest -n auto --maxprocesses=4 --dist loadfile --cov=fer_md --cov-report=term-missing:skip-covered

# --quiet would hide the warnings from --strict.
docs: $(VENV)/.docs  ## build the documentation and the Python reference: build/site/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	@echo $(CURDIR)/build/site/index.html

$(VENV)/.docs: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	@touch $@

clean:  ## remove .venv, build/ and caches, but not runs/
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache

anew:

.PHONY: anew help reproduce $(PARTS) report check-results data-found setup test test-slow demo serve-check coverage bench lint \
  docs clean torture fuzz soak audit train-two-workers
.SECONDARY:
# Each training has all cores, and everything waits for .venv.
.NOTPARALLEL:
