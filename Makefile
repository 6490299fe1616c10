# Everything is set up in .venv, from the hashed lock files; nothing else on the machine is touched.
# Works with any POSIX shell and with GNU make from 3.81 on.

.DEFAULT_GOAL := help
.PHONY: help setup run test race fuzz model faults bench bench-dispatch image audit lint format lock clean

PYTHON  ?=
ARGS    ?=
WORKERS ?= 2

# A personal pip or uv variable may choose where packages come from; it must not choose what is installed, or where to.
export PIP_USER := 0
export PIP_REQUIRE_HASHES := 0
export PIP_TARGET :=
export PIP_PREFIX :=
export PIP_ROOT :=
export PIP_CONSTRAINT :=
export PIP_REQUIREMENT :=
export PIP_NO_BINARY :=
unexport PYTHONHOME PYTHONPATH
unexport UV_PYTHON UV_SYSTEM_PYTHON UV_REQUIRE_HASHES UV_CONSTRAINT UV_OVERRIDE UV_NO_BINARY UV_EXCLUDE_NEWER

# A stamp is named after all that it depends on, the checkout's own place included: scripts in .venv hold its path.
KEY         := $(shell { pwd -P; cat pyproject.toml requirements.lock requirements-dev.lock; } | cksum | cut -d' ' -f1)
RUNTIME     := .venv/.runtime-$(KEY)
DEVELOPMENT := .venv/.development-$(KEY)
# What tests need includes what the product needs.
READY       := $(firstword $(wildcard $(DEVELOPMENT)) $(RUNTIME))

LOCK_runtime     := requirements.lock
LOCK_development := requirements-dev.lock

SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))

# A .venv that was moved, left unfinished, or has lost its Python is made anew.
UNFINISHED := .venv/.unfinished
VENV_WORKS := $(shell test ! -e $(UNFINISHED) && grep -qsF "$$(pwd -P)/.venv" .venv/bin/activate \
                && .venv/bin/python -c 'import pip; $(SUITABLE)' 2>/dev/null && echo yes)
ifneq ($(VENV_WORKS),yes)
.PHONY: .venv/bin/python
endif

help: ## Show this list
	@echo 'make run starts Nachbarschaft; all there is:'
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(READY) ## Install what the product needs into .venv, and start nothing

run: $(READY) ## Start everything, with the demo (HOST= and PORT= choose the address; Ctrl-C stops)
	@case "$${NACHBARSCHAFT_HOST:-$${HOST:-127.0.0.1}}" in \
	127.*|localhost|::1|'[::1]') demo=--demo ;; \
	*) demo=; echo 'Starting without the demo: its passwords are public, and this address is not loopback.' ;; \
	esac; \
	exec .venv/bin/nachbarschaft up $$demo

test: $(DEVELOPMENT) ## Run the whole suite, on SQLite and PostgreSQL (ARGS= goes to pytest, WORKERS= is 2)
	.venv/bin/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

race: $(DEVELOPMENT) ## Run the long race runs, which the suite leaves out
	.venv/bin/python -m pytest -m slow $(ARGS)

EXAMPLES ?= 500
STEPS    ?= 100000

fuzz: $(DEVELOPMENT) ## Let the fuzzer try more: EXAMPLES=500 for each operation, walks along links, both databases
	for system in sqlite postgresql; do \
	    NACHBARSCHAFT_TEST_FUZZED=$$system NACHBARSCHAFT_TEST_EXAMPLES=$(EXAMPLES) NACHBARSCHAFT_TEST_WALKS=$(EXAMPLES) \
	        .venv/bin/python -m pytest -n $(WORKERS) --timeout 3600 tests/fuzz $(ARGS) || exit 1; \
	done

model: $(DEVELOPMENT) ## Compare the product with the plain model of its rules, STEPS=100000 on each database
	.venv/bin/python -m tests.machine --steps $(STEPS) $(ARGS)

SEEDS ?= 50

faults: $(DEVELOPMENT) ## Kill API, worker and scheduler at twelve points, SEEDS=50 lives each, on both databases
	.venv/bin/python -m tests.faults --seeds $(SEEDS) $(ARGS)

bench: $(DEVELOPMENT) ## Measure list, accept, match, drain and expire, each beside its baseline (ARGS=--help)
	.venv/bin/python -m tests.benchmarks $(ARGS)

bench-dispatch: $(READY) ## Measure whom the policy fills against every target of the research (ARGS=--help)
	.venv/bin/python -m nachbarschaft.simulation.bench $(ARGS)

image: $(DEVELOPMENT) ## Build the image, or do its steps by hand in a clean root directory, and prove its promises
	.venv/bin/python -m tests.image $(ARGS)

audit: $(DEVELOPMENT) ## Look for known vulnerabilities in what the lock files name; fails where it cannot look
	.venv/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r requirements.lock
	.venv/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r requirements-dev.lock

lint: $(DEVELOPMENT) ## Check formatting, lint, types and import contracts
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy --strict nachbarschaft models api jobs tests
	.venv/bin/lint-imports

format: $(DEVELOPMENT) ## Format the code and fix what can be fixed safely
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

# No personal index, so that the hashes are those of the public registry.
COMPILE = env -u UV_INDEX -u UV_DEFAULT_INDEX -u UV_INDEX_URL -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS \
          uv pip compile --no-config --quiet --universal --generate-hashes --python-version 3.11 \
          --no-emit-index-url --no-header $(ARGS)

lock: ## Write both lock files anew, with uv (ARGS=--upgrade takes newer versions)
	@command -v uv >/dev/null || { echo 'make lock needs uv on the PATH.' >&2; exit 1; }
	$(COMPILE) pyproject.toml --group build --output-file requirements.lock
	$(COMPILE) pyproject.toml --group build --group dev --constraints requirements.lock \
	           --output-file requirements-dev.lock

clean: ## Remove .venv and all caches; var/, where the data lives, stays
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache \
	       .coverage .coverage.*
	find api jobs models nachbarschaft tests -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@python=; incomplete=; \
	for candidate in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
	    "$$candidate" -c '$(SUITABLE)' >/dev/null 2>&1 || continue; \
	    if "$$candidate" -c 'import ensurepip, venv' >/dev/null 2>&1; then python=$$candidate; break; fi; \
	    incomplete=$$candidate; \
	done; \
	if [ -z "$$python" ] && [ -n "$$incomplete" ]; then \
	    echo "$$incomplete cannot create a virtual environment: install python3-venv." >&2; exit 1; \
	fi; \
	if [ -z "$$python" ]; then \
	    echo 'Nachbarschaft needs Python 3.11, 3.12 or 3.13: install one, or name it with PYTHON=.' >&2; exit 1; \
	fi; \
	echo "[1/3] Creating .venv with $$("$$python" --version) … (once)"; \
	exec "$$python" -m venv --clear .venv

.venv/.%-$(KEY): .venv/bin/python
	@rm -f .venv/.runtime-* .venv/.development-* && touch $(UNFINISHED)
	@echo '[2/3] Installing the packages of $(LOCK_$*), each checked against its hash … (once, up to a minute)'
	@if command -v uv >/dev/null; then $(UV_INSTALLS_LOCK); else $(PIP_INSTALLS_LOCK); fi
	@echo '[3/3] Installing Nachbarschaft itself …'
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@ && rm $(UNFINISHED)

UV_INSTALLS_LOCK = mkdir -p "$$(uv cache dir)" 2>/dev/null || export UV_NO_CACHE=1; \
	exec uv pip sync --python .venv/bin/python --require-hashes --only-binary :all: --compile-bytecode $(LOCK_$*)

# The lock files are complete, so nothing is resolved: older versions of pip would take an extra of a locked package for
# one that is not locked, and stop once there is a newer release of it.
# pip runs beside a loop that shows progress. Who stops make stops pip: make itself ends only what it started.
PIP_INSTALLS_LOCK = \
	.venv/bin/python -m pip install --disable-pip-version-check --no-input --progress-bar off \
	    --no-deps --require-hashes --only-binary :all: --requirement $(LOCK_$*) >.venv/install.log & \
	pip=$$!; \
	trap 'kill $$pip; wait $$pip; exit 1' INT TERM; \
	while sleep 2; kill -0 $$pip 2>/dev/null; do \
	    if grep -q '^Installing' .venv/install.log; then echo '      unpacking'; \
	    else echo "      $$(grep -c '^Collecting' .venv/install.log) packages fetched"; fi; \
	done; \
	wait $$pip
