# Everything sets up what it needs in .venv by itself; Python 3.11 or newer and make are enough.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
REAL_DATA := $(wildcard ../shared/data)

.PHONY: help setup demo test soak check bench docs clean

help:            ## say what there is
	@grep -hE '^[a-z]+: .*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/make \1  \2/' | sort

setup: $(READY)  ## install everything into .venv

$(READY): requirements/pip.txt requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Boomerang needs Python 3.11 or newer: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/pip.txt
	$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY)   ## take a small shop the whole way into the sandbox
	$(BIN)/boomerang demo

test: $(READY)   ## run all tests
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadscope

soak: $(READY)   ## kill the sync 200 times, live through 2,000 random histories; takes half an hour or more
	BOOMERANG_SOAK=1 $(BIN)/python -m pytest tests/histories -n auto --maxprocesses 4 --dist loadscope

check: $(READY)  ## lint, types, arrows between modules, audience definitions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/boomerang check

bench: $(READY)  ## measure speed as ratios, beside what a user would take instead
	$(BIN)/python -m bench

docs: $(READY)   ## make the pages of docs/ that are generated
	$(BIN)/python -m tools.docs

clean:           ## remove what was made here: .venv, the demo's home, caches
	rm -rf .venv .boomerang .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
