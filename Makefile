# Every target sets up what it needs: a virtual environment in .venv from requirements.lock.
# Usage: make run | test | check | docs | browser | contract | conformance | simulate | mutants | mutate | exhaustive | soak | lock | clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Quiet twice: a warning about this machine's own pip settings says nothing about the project.
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore \
	$(BIN)/python -m pip --quiet --quiet
# The tool that makes the lock is not part of it.
UV_VERSION := 0.13.9
SEEDS ?= 1000

.DEFAULT_GOAL := help
.PHONY: help run test check lint docs browser contract conformance simulate mutants mutate exhaustive soak lock clean install
.SUFFIXES:

help:
	@echo "make run          crawl Python's own documentation server and search what was found"
	@echo "make test         the test suite"
	@echo "make check        ruff, mypy --strict, import-linter, the test suite"
	@echo "make docs         write docs/reference/ anew from the code"
	@echo "make conformance  Thespian's own test suite on our engine"
	@echo "make browser      the dashboard and crawls in a real browser; needs Debian's chromium"
	@echo "make contract     the HTTP API against its OpenAPI document, by drawn requests"
	@echo "make simulate     whole runtimes under drawn faults, SEEDS=1000 of them"
	@echo "make mutants      what the simulation is worth: it must find each of many mistakes"
	@echo "make mutate       what the suite is worth: mistakes made mechanically, in Python and in SQL; hours"
	@echo "make exhaustive   every state of small worlds: three jobs, two runtimes, one fault"
	@echo "make soak         the long tests: kill -9 loops, large runs"
	@echo "make lock         compile requirements.lock again"
	@echo "make clean        remove what the other targets made"

run: $(STAMP)
	@$(BIN)/python docs/examples/crawl_pydoc.py

test: $(STAMP)
	@$(BIN)/python -m pytest -n auto

lint: $(STAMP)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy --no-error-summary actors runtime tests docs/examples docs/generate.py
	@$(BIN)/lint-imports --no-logo

check: lint test

docs: $(STAMP)
	@$(BIN)/python docs/generate.py

conformance: $(STAMP)
	@$(BIN)/python -m pytest tests/conformance -m conformance -p no:randomly

browser: $(STAMP)
	@$(BIN)/python -m pytest tests/crawl tests/gateway tests/worker -m browser

contract: $(STAMP)
	@$(BIN)/python -m pytest tests/gateway -m contract

simulate: $(STAMP)
	@$(BIN)/python -m tests.simulation --seeds $(SEEDS)

mutants: $(STAMP)
	@$(BIN)/python -m tests.simulation --mutants

mutate: $(STAMP)
	@$(BIN)/python -m tests.mutation measure
	@$(BIN)/python -m tests.mutation try

exhaustive: $(STAMP)
	@$(BIN)/python -m tests.exhaustive

soak: $(STAMP)
	@$(BIN)/python -m pytest -m soak

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) --version 2>&1): make PYTHON=python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

lock:
	@test -x $(VENV)/lock/bin/uv || { $(PYTHON) -m venv $(VENV)/lock && \
		PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore \
		$(VENV)/lock/bin/python -m pip --quiet --quiet install uv==$(UV_VERSION); }
	@$(VENV)/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes \
		--no-config --no-emit-index-url --no-annotate --no-header --output-file requirements.lock pyproject.toml

clean:
	@rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
