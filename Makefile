# Careful. `make help` lists what there is; `make demo` and `make test` set everything up by themselves.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do command -v $$p >/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --no-input -q
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench pins migration screenshots clean

help:  ## List every target
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(VENV)/.server  ## Prepare .venv with everything that Careful needs to run

demo: $(VENV)/.server  ## Run the main job on 50 simulated devices and leave the console open (ARGS=--once: run and exit)
	@$(BIN)/careful demo $(ARGS)

test: $(VENV)/.dev  ## Run all checks and all tests
	@$(BIN)/python tests/run.py $(ARGS)

check: $(VENV)/.dev  ## Run the checks alone: style, types, import contracts
	@$(BIN)/python tests/run.py --checks-only

bench: $(VENV)/.dev  ## Measure, and print method and tables
	@$(BIN)/python benchmarks/run.py $(ARGS)

screenshots: $(VENV)/.dev  ## Take the README's pictures from a real demo in a real browser
	@$(BIN)/python tests/screenshots.py

migration: $(VENV)/.dev  ## Write the next migration from the tables in code (ARGS="what changed")
	@$(BIN)/python tests/new_migration.py "$(ARGS)"

pins: $(VENV)/.dev  ## Pin every dependency anew, with hashes
	@for f in build server deltas dev; do \
	  uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    --upgrade -o requirements/$$f.txt requirements/$$f.in || exit 1; done
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-deps \
	  --upgrade -o requirements/rauc.txt requirements/rauc.in

clean:  ## Remove .venv, caches and the demo's data
	@rm -rf $(VENV) careful-demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@command -v "$(PYTHON)" >/dev/null || { echo "Python 3.11 or newer is missing. Run: apt-get install python3"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is too old: Careful needs Python 3.11 or newer. Run: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11"; exit 1; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "Python's venv module is missing. Run: apt-get install python3-venv"; exit 1; }
	@test "$$(df -Pk . | awk 'NR==2 {print $$4}')" -gt 1000000 || { echo "Less than 1 GB is free here. Free some: df -h ."; exit 1; }
	@echo "Making $(VENV) with $$("$(PYTHON)" --version)"
	@"$(PYTHON)" -m venv $(VENV)

$(VENV)/.server: requirements/server.txt requirements/build.txt requirements/deltas.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what Careful needs, each file checked by its hash (about a minute) ..."
	@$(PIP) --require-hashes -r requirements/server.txt -r requirements/build.txt || { \
	  echo "The packages could not be fetched. Check the network, then run make again."; exit 1; }
	@$(PIP) --no-deps --no-build-isolation -e .
	@$(PIP) --require-hashes -r requirements/deltas.txt >/dev/null 2>&1 || \
	  echo "Deltas are off: detools needs a compiler. Run: apt-get install gcc python3-dev, then make again."
	@touch $@

$(VENV)/.dev: requirements/dev.txt requirements/rauc.txt $(VENV)/.server
	@echo "Installing what the tests need ..."
	@$(PIP) --require-hashes -r requirements/dev.txt && $(PIP) --require-hashes --no-deps -r requirements/rauc.txt || { \
	  echo "The packages could not be installed. Check the network, run: apt-get install gcc python3-dev, then make again."; \
	  exit 1; }
	@touch $@
