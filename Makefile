# Everything happens in .venv, from pinned and hashed packages. `make` alone says what there is.

VENV := .venv
BIN := $(VENV)/bin
CORE := $(VENV)/core.installed
DEV := $(VENV)/dev.installed
WORKERS ?= auto
ARGS ?=

# The first of these that is new enough; name another with `make PYTHON=/path/to/python …`.
CANDIDATES := python3 python3.13 python3.12 python3.11 python
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in $(CANDIDATES); do \
	if "$$python" -c '$(NEW_ENOUGH)' 2>/dev/null; then echo "$$python"; break; fi; done)

# Bytecode halves the time in which a stage starts: never let the environment switch it off.
unexport PYTHONDONTWRITEBYTECODE
unexport PYTHONPATH
unexport PYTHONHOME

PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
INSTALL := $(PIP) install -qq --compile --no-build-isolation
COMPILE := $(BIN)/uv pip compile --no-config --quiet --universal --fork-strategy fewest --python-version 3.11 \
	--generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help grade test test-long test-all bench mutants lint format lock upgrade wheel clean

help: ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## /make \1	/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

grade: $(CORE) ## grade the bundled reference submission, or another: make grade ARGS="--submission PATH"
	$(BIN)/python -m pytest harness $(ARGS)

test: $(DEV) ## the tests, without those marked long
	$(BIN)/python -m pytest tests -n $(WORKERS) --dist loadfile -m "not long" $(ARGS)

test-long: $(DEV) ## only the tests marked long
	$(BIN)/python -m pytest tests -n $(WORKERS) --dist loadgroup -m long $(ARGS)

test-all: test test-long ## every test

bench: $(DEV) ## measure grades against the lab typed in a shell, and more: BENCH rounds (5), kept in bench.json
	BENCH=$(or $(BENCH),5) $(BIN)/python -m pytest tests/benchmarks -s $(ARGS)

mutants: $(DEV) ## run the unit tests on wrong versions of the code: all, or make mutants ARGS="harness.grading.score*"
	$(BIN)/python -P tests/mutants.py run $(ARGS)
	$(BIN)/mutmut results

lint: $(DEV) ## ruff, its formatter, and mypy
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(DEV) ## write what ruff can put right by itself
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: $(DEV) ## write requirements/*.txt anew, keeping the versions that still fit
	$(COMPILE) $(UPGRADE) requirements/build.in --output-file requirements/build.txt
	$(COMPILE) $(UPGRADE) pyproject.toml --constraints requirements/build.txt --output-file requirements/core.txt
	$(COMPILE) $(UPGRADE) pyproject.toml --extra dev --constraints requirements/build.txt \
		--constraints requirements/core.txt --output-file requirements/dev.txt

upgrade: ## the same, with the newest versions
	$(MAKE) lock UPGRADE=--upgrade

wheel: $(DEV) ## build dist/*.tar.gz, and from it dist/*.whl
	$(BIN)/python -m build --no-isolation

clean: ## remove .venv and whatever was built
	rm -rf $(VENV) build dist mutants .reference .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(CORE): pyproject.toml requirements/build.txt requirements/core.txt
	@test -n "$(PYTHON)" && "$(PYTHON)" -c '$(NEW_ENOUGH)' || { \
		echo "This needs Python 3.11 or newer, and $(if $(PYTHON),$(PYTHON) is none,none of $(CANDIDATES) is)." \
			"Install one, or say where it is: make PYTHON=/path/to/python" >&2; exit 1; }
	@git --version >/dev/null || { echo "This needs Git: install it, and see that 'git --version' works." >&2; exit 1; }
	@echo "Setting up $(VENV) with $(PYTHON): a minute or two, once."
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	@$(INSTALL) --require-hashes -r requirements/build.txt
	@$(INSTALL) --require-hashes -r requirements/core.txt
	@$(INSTALL) --no-deps --editable .
	@touch $@

$(DEV): $(CORE) requirements/dev.txt
	@echo "Adding what the tests need."
	@$(INSTALL) --require-hashes -r requirements/dev.txt
	@touch $@
