# Sightline's doors. `make run` needs git, make and Python 3.11 or newer, nothing else.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup tools run start test lint types bench docs web lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup: ## .venv with the sightline program, the built web UI and compiled kernels
	@$(PYTHON) scripts/install.py run

tools: # what the checks and tests need on top
	@$(PYTHON) scripts/install.py test

run: setup ## start Sightline on http://127.0.0.1:8080
	@exec $(BIN)/sightline serve $(ARGS)

start: run ## the same

test: lint types ## every check and test but the nightly ones; `make test ARGS='tests/domain -k rate'` for some
	$(BIN)/python scripts/webui.py test
	$(BIN)/python scripts/tests.py $(ARGS)

lint: tools ## style, format, the rings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo

types: tools ## mypy strict and tsc
	$(BIN)/mypy
	$(BIN)/python scripts/webui.py lint

bench: tools ## measure, beside the peers where they are installed
	$(BIN)/python -m bench $(ARGS)

docs: tools ## check that documentation and code agree
	$(BIN)/python -m pytest -q tests/house

web: setup ## rebuild the web UI when its sources changed
	@$(BIN)/python scripts/webui.py

lock: ## pin the dependencies anew
	@$(PYTHON) scripts/lock.py $(ARGS)

clean: ## remove what setup and builds made; data stays
	rm -rf .venv .venv-tools build dist web/node_modules src/sightline/adapters/inbound/http/ui .mypy_cache .ruff_cache .pytest_cache
	find src tests scripts -name __pycache__ -prune -exec rm -rf {} +
