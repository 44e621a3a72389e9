# `make study` and `make test` need Python 3.11 or later, a C compiler and make; everything else is set up here, once.
PYTHON ?= python3
CORES ?= $(shell getconf _NPROCESSORS_ONLN)
CONFIG ?= config.yaml
ENVIRONMENT := .venv
BIN := $(CURDIR)/$(ENVIRONMENT)/bin
READY := $(ENVIRONMENT)/ready
BENCH_READY := $(ENVIRONMENT)/ready-to-bench
SNAKEMAKE = PATH="$(BIN):$$PATH" snakemake --cores $(CORES)

.PHONY: study test coverage test-crash test-slurm doctor prune report lint docs bench clean environment
.DEFAULT_GOAL := study

study: $(READY)
	$(SNAKEMAKE) --configfile $(CONFIG)

report: study
	PYTHONPATH=workflow $(BIN)/python -m layerscope.command report $(CONFIG)

test: lint
	PATH="$(BIN):$$PATH" python -m pytest -n $(CORES) --dist loadgroup

# The same tests, and which lines none of them runs: following every line takes half as long again.
coverage: lint
	PATH="$(BIN):$$PATH" python -m pytest -n $(CORES) --dist loadgroup --cov=layerscope --cov-report=term:skip-covered

doctor: $(READY)
	PYTHONPATH=workflow $(BIN)/python -m layerscope.command doctor $(CONFIG)

# Asks first, like `clean`; YES=1 is for scripts.
prune: $(READY)
	PYTHONPATH=workflow $(BIN)/python -m layerscope.command prune $(CONFIG) $(if $(filter 1,$(YES)),--yes)

# Kills a small study at many moments: minutes.
test-crash: $(READY)
	PATH="$(BIN):$$PATH" python -m pytest tests/crash -m crash -s

# Starts a SLURM of this one machine and stops it again: minutes. Needs root, slurm-wlm and munge.
test-slurm: $(READY)
	PATH="$(BIN):$$PATH" python -m pytest tests/slurm -m slurm -s

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow/Snakefile workflow/rules
	$(SNAKEMAKE) --lint
	PYTHONPATH=workflow $(BIN)/lint-imports
	$(BIN)/mypy

# The schema and the pages that are made from what the modules declare.
docs: $(READY)
	PYTHONPATH=workflow $(BIN)/python -m layerscope.reference

bench: $(READY) $(BENCH_READY)
	PYTHONPATH=workflow $(BIN)/python -m benchmarks.study $(CONFIG)
	PYTHONPATH=workflow $(BIN)/python -m benchmarks.resources $(CONFIG)
	PYTHONPATH=workflow $(BIN)/python -m benchmarks.kernels
	PYTHONPATH=workflow $(BIN)/python -m benchmarks.comparisons
	PYTHONPATH=workflow $(BIN)/python -m benchmarks.tsne
	PYTHONPATH=workflow $(BIN)/python -m benchmarks.dynamic
	PYTHONPATH=workflow $(BIN)/python -m benchmarks.saturation
	PYTHONPATH=workflow $(BIN)/python -m benchmarks.training
	PYTHONPATH=workflow $(BIN)/python -m benchmarks.large
	PYTHONPATH=workflow $(BIN)/python -m benchmarks.published_inputs
	PYTHONPATH=workflow $(BIN)/python -m benchmarks.one_layer
	PYTHONPATH=workflow $(BIN)/python -m benchmarks.load

# Libraries that only the benchmarks compare with.
$(BENCH_READY): $(READY) envs/benchmarks.txt
	$(BIN)/pip install --quiet --requirement envs/benchmarks.txt
	touch $@

environment: $(READY)

# Requirements with settings of their own need pip 23.1; Python 3.11 may come with an older one. CMake comes from its own package:
# building MulticoreTSNE needs the program itself on the PATH before the rest installs. A build of it that is installed or kept already
# may be one for a single core, by a later CMake.
$(READY): envs/requirements.txt envs/repair_torchvision.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is older than 3.11: name a later one, for instance: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@command -v c++ >/dev/null || command -v g++ >/dev/null || \
	  { echo "no C++ compiler (c++ or g++) found: install one (Debian: apt install build-essential), then run make again" >&2; exit 1; }
	$(PYTHON) -m venv $(ENVIRONMENT)
	$(BIN)/python -m pip install --quiet "pip >= 23.1" "$$(grep '^cmake==' envs/requirements.txt)"
	$(BIN)/pip uninstall --quiet --yes MulticoreTSNE 2>/dev/null
	$(BIN)/pip cache remove multicoretsne >/dev/null 2>&1 || true
	PATH="$$($(BIN)/python -c 'import cmake; print(cmake.CMAKE_BIN_DIR)'):$$PATH" \
	  $(BIN)/pip install --quiet --requirement envs/requirements.txt
	$(BIN)/python envs/repair_torchvision.py
	touch $@

# Asks first: results may be days of work. STUDY=name deletes the results of one study, YES=1 is for scripts. Downloads
# (results/data) and the committed reference runs (results/reference) stay; what was found of networks (results/.networks) goes
# with all studies.
clean:
	@ROOT=results STUDY="$(STUDY)" YES="$(YES)" sh workflow/clean.sh
