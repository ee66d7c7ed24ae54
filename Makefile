# Every target sets up what it needs by itself; a second run finds the stamps and starts at once.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_QUIET := PIP_DISABLE_PIP_VERSION_CHECK=1
WEB := bot/playground/web
PAGE := bot/playground/page
EMULATOR := tests/slack/emulator
# Each worker begins with one half of the files: what the tests of a file share is made once.
PYTEST_ARGS ?= -n 2 --dist worksteal

export LITELLM_LOCAL_MODEL_COST_MAP := True

.PHONY: setup page demo test explore crash fuzz load mutants soak check lint run bench bench-peers screenshots docs clean lock

setup: $(VENV)/.installed $(PAGE)/app.js

$(VENV)/.installed: requirements-dev.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the locked dependencies into $(VENV)" >&2
	@$(PIP_QUIET) $(BIN)/python -m pip install -qq --require-hashes --no-deps -r requirements-dev.lock
	@$(PIP_QUIET) $(BIN)/python -m pip install -qq --no-deps --no-build-isolation --editable .
	@touch $@

# Node and npm come from the wheel in the lock file, so that no Node has to be installed.
$(WEB)/node_modules/.installed: $(WEB)/package-lock.json | $(VENV)/.installed
	@echo "installing the playground page's packages" >&2
	@cd $(WEB) && PATH="$(abspath $(BIN)):$$PATH" npm ci --silent --no-audit --no-fund
	@touch $@

$(PAGE)/app.js: $(wildcard $(WEB)/src/*) $(WEB)/build.mjs $(WEB)/node_modules/.installed
	@echo "building the playground page" >&2
	@cd $(WEB) && PATH="$(abspath $(BIN)):$$PATH" node build.mjs
	@touch $@

# Without npm's registry the tests against the emulator are left out, and say so.
$(EMULATOR)/node_modules/.installed: $(EMULATOR)/package-lock.json | $(VENV)/.installed
	@echo "installing an emulator of Slack for the tests" >&2
	@cd $(EMULATOR) && PATH="$(abspath $(BIN)):$$PATH" npm ci --silent --no-audit --no-fund --ignore-scripts --fetch-retries=1 \
	  && touch node_modules/.installed || echo "npm cannot install it here: its tests are skipped" >&2

page: $(PAGE)/app.js

demo: setup
	@$(BIN)/hark demo

run: setup
	@$(BIN)/hark run

# Tests start Hark many times, and the environment may say that no process keeps what it compiles.
test: setup $(EMULATOR)/node_modules/.installed
	@$(BIN)/python -m compileall -q bot evaluators alerts traces
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

explore: setup $(EMULATOR)/node_modules/.installed
	@HYPOTHESIS_PROFILE=explore $(BIN)/python -m pytest $(PYTEST_ARGS)

# Syncs, full disks and stops; then 200 kills of the real process for each of three seeds, and two at every named step.
crash: setup
	@$(BIN)/python -m pytest -m "slow or not slow" tests/crash
	@$(BIN)/python tests/crash/kill.py

# Hostile bytes for FUZZ_SECONDS to each of what reads them; by coverage where atheris is installed.
FUZZ_SECONDS ?= 60
fuzz: setup
	@$(BIN)/python tests/fuzz/fuzz.py --seconds $(FUZZ_SECONDS)

# Bad input beside a good client, three times what Hark takes, what a second worker brings, replicas that are killed in
# turn and parted from their database (twelve minutes).
load: setup
	@$(BIN)/python tests/load/bad_input.py
	@$(BIN)/python tests/load/overload.py
	@$(BIN)/python tests/load/throughput.py
	@$(BIN)/python tests/load/replicas.py --rounds 2
	@$(BIN)/python tests/load/parted.py

# Takes each defence of the table out of a copy, and sees that a test notices; MUTANTS="--threat T3" for some of them.
mutants: setup
	@$(BIN)/python tests/mutants/mutants.py $(MUTANTS)

SOAK_MINUTES ?= 10
soak: setup
	@$(BIN)/python tests/load/soak.py --minutes $(SOAK_MINUTES)

lint: $(VENV)/.installed
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

check: lint test

bench: setup
	@$(BIN)/python -m benchmarks

# Phoenix and MLflow take the same files as Hark; they live apart, because their dependencies are theirs.
bench-peers: setup
	@test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	@$(PIP_QUIET) .venv-peers/bin/python -m pip install -qq arize-phoenix mlflow
	@$(BIN)/python -m benchmarks.ingest

# The pages that follow from the code: settings, commands, signals, evaluators.
docs: $(VENV)/.installed
	@$(BIN)/python -m bot.docs

# The README's pictures, taken from a running demo; needs a chromium.
screenshots: setup
	@$(BIN)/python tests/browser/screenshots.py

# Needs uv, which only those who change the dependencies have to install.
lock:
	uv pip compile pyproject.toml --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-header -q -o requirements.lock
	uv pip compile pyproject.toml --extra dev --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-header -q -o requirements-dev.lock

clean:
	rm -rf $(VENV) $(PAGE) $(WEB)/node_modules $(EMULATOR)/node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
