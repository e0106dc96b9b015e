# make: set up, run the pipeline on generated data at scale `small`, say where the report is. `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
TORCH ?= torch==2.13.0
JOBS ?= 2
KILLS ?= 50
BIN := .venv/bin
PIP := $(BIN)/pip install --disable-pip-version-check $(shell test -t 2 || echo --quiet)
export PATH := $(CURDIR)/$(BIN):$(PATH)
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := true

.PHONY: all help setup lock test fuzz torture nodes lint repro real generated results share smoke ui benchmarks clean docs

all: repro ## Set up, run everything, print where the report is

help: ## This list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: .venv/.ready ## Make .venv and install the locked requirements

.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "Python 3.11 to 3.13 is needed; found $$($(PYTHON) --version). Name another: make PYTHON=python3.12"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -c 'import torch' 2>/dev/null || $(PIP) '$(TORCH)'
	$(PIP) --no-deps --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

lock: setup ## Write requirements.lock again (hashes, no index addresses; torch and what it brings stay out)
	$(BIN)/python scripts/lock.py

repro: setup ## Run the pipeline with params.yaml as it stands, JOBS stages at a time
	reprise track init
	reprise repro -j $(JOBS)
	@echo "Report: $(CURDIR)/reports/index.html"

real: setup ## The same on the official files in data/raw (make generated turns back)
	reprise set data.source=real scale=medium
	@$(MAKE) --no-print-directory repro

generated: setup ## Back to generated data (from DVC's run cache where it was run before)
	reprise set data.source=generated scale=small
	@$(MAKE) --no-print-directory repro

RESULTS = dvc.yaml:report $(addsuffix :evaluate,$(filter-out pipelines/data/%,$(wildcard pipelines/*/dvc.yaml)))

results: setup ## The report and its evidence from the DVC remote; nothing is run (README: Results without running)
	@dvc remote default --quiet >/dev/null 2>&1 || { echo "There is no DVC remote yet: dvc remote add --default NAME URL"; exit 1; }
	dvc pull $(RESULTS)
	@echo "Report: $(CURDIR)/reports/index.html"

share: setup ## Send the report and its evidence to the DVC remote, for make results elsewhere
	dvc push $(RESULTS)

smoke: setup ## Drive every stage at scale `smoke` in a throw-away clone
	REPRISE_SMOKE=all $(BIN)/pytest tests/pipeline -k repro

test: setup ## The whole test suite
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

fuzz: setup ## Damaged pictures by the thousands, then the property tests on random examples, twenty times
	REPRISE_FUZZ=1 $(BIN)/pytest -q -n auto tests/fuzz
	for round in {1..20}; do REPRISE_FUZZ=1 $(BIN)/pytest -q -n auto -m hypothesis || exit 1; done

torture: setup ## Kills, full disks, locked databases, damaged files: a table of what came of it (KILLS=50)
	$(BIN)/python scripts/torture.py --kills $(KILLS)

nodes: setup ## Every study at scale `smoke` on two nodes of this machine, ten times one of them killed, against a serial run
	$(BIN)/python scripts/nodes.py --kills 10 --studies all

lint: setup ## ruff: rules and layout
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

ui: setup ## MLflow on loopback, with every run
	reprise track sync
	@reprise track views
	@echo "MLflow starts, and listens within a minute: http://127.0.0.1:5000 (Ctrl-C ends it)"
	@echo "a study's comparisons: reprise track views STUDY"
	mlflow ui --backend-store-uri sqlite:///mlflow.db --host 127.0.0.1 --port 5000

docs: setup ## The API's pages from its docstrings, in build/api (pdoc)
	PYTHONWARNINGS=ignore $(BIN)/pdoc --docformat google --output-directory build/api reprise \
	  '!reprise\.(stages|studies|repro|commands|cli|warm|closure|renewal|report)'
	@echo "API: $(CURDIR)/build/api/index.html"

benchmarks: setup ## Every table of benchmarks/ (minutes)
	for file in benchmarks/[!_]*.py; do echo "== $$file"; $(BIN)/python $$file; done

clean: ## Remove what stages made; DVC's cache stays
	rm -rf data/prepared data/runs data/probes data/sweeps data/further data/evidence data/checkpoints data/logs data/timings.csv
