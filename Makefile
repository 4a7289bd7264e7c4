# Everything one does with Changtong. Needs python3 (3.11 or later) and make; the rest installs itself into .venv.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
export PATH := $(CURDIR)/.venv/bin:$(PATH)
PIP_FLAGS := --quiet --disable-pip-version-check --no-deps

.DEFAULT_GOAL := help
.PHONY: help setup run test check fix bench docs lock clean

help: ## list what can be done
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Changtong needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || \
	  { echo "Python's venv module is missing. On Debian or Ubuntu: apt-get install python3-venv"; rm -rf .venv; exit 1; }
	@echo "Installing the pinned packages into .venv (about a minute; 2 GB) ..."
	@$(BIN)/python -m pip install $(PIP_FLAGS) --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install $(PIP_FLAGS) --no-build-isolation -e .
	@$(BIN)/python -c 'import libsumo' 2>/dev/null || $(MAKE) --no-print-directory system-libraries
	@touch $(STAMP)

# SUMO's wheels expect a few libraries of the system, even where nothing is drawn; servers often lack them.
SYSTEM_LIBRARIES = $$($(BIN)/python -c 'from signals.simulation.binaries import SYSTEM_LIBRARIES as s; print(*s)')
.PHONY: system-libraries
system-libraries:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing the system libraries that SUMO needs: $(SYSTEM_LIBRARIES) ..."; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	    apt-get install -y -qq --no-install-recommends $(SYSTEM_LIBRARIES) >/dev/null 2>&1; \
	fi; \
	$(BIN)/python -c 'import libsumo' 2>/dev/null || \
	  echo "SUMO cannot be loaded yet: simulations will not run, journeys will. Try: sudo apt-get install $(SYSTEM_LIBRARIES)"

setup: $(STAMP) ## create or refresh .venv

run: $(STAMP) ## serve the planner and the signals page on http://127.0.0.1:8080 (HOST and PORT change it)
	@$(BIN)/changtong serve

test: check ## check, then every test
	@# kernels are compiled once here, not by two test processes at a time against their time limits
	@$(BIN)/python -m signals.runtime.rehearsal config/intersection.toml
	@$(BIN)/python -m pytest -n 2 --dist worksteal -q

check: $(STAMP) ## ruff, mypy strict and the import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fix: $(STAMP) ## let ruff mend what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(STAMP) ## measure beside the peers; prints ratios
	@$(BIN)/python -m benchmarks

docs: $(STAMP) ## write docs/reference from the code
	@$(BIN)/python docs/generate.py

lock: $(STAMP) ## resolve pyproject.toml anew into requirements.lock (pins and hashes, no addresses)
	@$(BIN)/uv lock --quiet --upgrade
	@$(BIN)/uv export --quiet --format requirements-txt --all-groups --all-extras --no-emit-project --no-header -o requirements.lock
	@rm uv.lock

clean: ## remove what was built, not .venv
	rm -rf build dist out .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
