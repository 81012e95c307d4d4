# What a developer of relhub types. Needs Python 3.11 or newer, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The linter of the OpenAPI document. npx keeps it, so that only the first time needs the npm registry.
SPECTRAL := npx --yes --prefer-offline @stoplight/spectral-cli@6.16.3 lint --fail-severity=hint --quiet
NODE := { command -v npx >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)'; } \
	|| { echo "This needs Node 18 or newer with npx, for Spectral; make run and make test need neither."; exit 1; }

# What drives the browser of make test-browser; its lock is made by make lock.
PLAYWRIGHT := playwright==1.65.2

.DEFAULT_GOAL := help
.PHONY: help run test test-browser lint lint-official fuzz rights openapi examples console-styles console-picture migration check bench bench-full soak lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "relhub needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another with make PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $(READY)

run: $(READY) ## the whole of it with a simulated municipality, on 127.0.0.1:8000 (PORT=8001 for another)
	@exec $(BIN)/relhub run --port $(or $(PORT),8000)

test: $(READY) ## the whole suite, on embedded PostgreSQLs, three files at a time
	@$(BIN)/pytest -n 3 --dist loadfile $(ARGS)

test-browser: $(READY) ## the console in a real browser, with axe (Chromium, npm)
	@test -n "$(CHROMIUM)" || command -v chromium >/dev/null || { echo "This needs Chromium: apt-get install -y chromium, or CHROMIUM=/path/to/it"; exit 1; }
	@command -v npm >/dev/null || { echo "This needs npm, for axe-core"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-browser.lock
	@BROWSER=1 $(BIN)/pytest -q tests/browser $(ARGS)

lint: $(READY) ## ruff, mypy, the import rule, and whether openapi/relhub.json is what the code says and keeps the API Design Rules (Node)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/relhub openapi --check
	@$(NODE)
	@$(SPECTRAL) --ruleset openapi/design-rules.yaml openapi/relhub.json

lint-official: ## the same document by the ruleset that the standard publishes (RULESET=file or URL; Node)
	@test -n "$(RULESET)" || { echo 'make lint-official RULESET=<file or URL>'; exit 2; }
	@$(NODE)
	@$(SPECTRAL) --ruleset "$(RULESET)" openapi/relhub.json

fuzz: $(READY) ## schemathesis at length, as every consumer of the demo (N=100: so many examples per operation)
	@FUZZ=$(or $(N),100) $(BIN)/pytest -q --durations=0 tests/test_contract_fuzz.py

rights: $(READY) ## the rights matrix at length: every path against a world without what is withheld (N=500)
	@RIGHTS=$(or $(N),500) $(BIN)/pytest -q tests/test_rights_matrix.py

openapi: $(READY) ## write openapi/relhub.json anew
	@$(BIN)/relhub openapi

examples: $(READY) ## ask the demo for the answers in api/examples.json anew, and write openapi/relhub.json
	@RECORD=1 $(BIN)/pytest -q tests/test_contract_examples.py
	@$(BIN)/relhub openapi

console-styles: $(READY) ## take from the NL Design System what the pages of the console use (npm)
	@$(BIN)/python tools/console_styles.py

console-picture: $(READY) ## take the picture of the console in README, of a demo that runs (PORT=8000; after make test-browser)
	@$(BIN)/python tools/console_picture.py http://127.0.0.1:$(or $(PORT),8000)/console

migration: $(READY) ## write a migration for what changed in storage/tables.py (NAME="what it does")
	@test -n "$(NAME)" || { echo 'make migration NAME="what it does"'; exit 2; }
	@$(BIN)/relhub migrate --write "$(NAME)"

check: lint test ## what CI does

bench: $(READY) ## measure what relhub costs, as ratios to something bare (under 10 minutes; needs wrk)
	@$(BIN)/python -m bench $(ARGS)

bench-full: $(READY) ## the same with a million relations, and 200 000 relations' worth of pages (an hour or two)
	@$(BIN)/python -m bench --full $(ARGS)

soak: $(READY) ## questions, changes, faults and a restart, all at once, and whether anything goes wrong (MINUTES=30)
	@$(BIN)/python -m bench.soak --minutes $(or $(MINUTES),30)

lock: $(READY) ## resolve the dependencies in pyproject.toml again, and pin them with hashes
	@$(PYTHON) -m venv $(VENV)-lock && $(VENV)-lock/bin/pip install --quiet uv==0.13.9
	@$(VENV)-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.lock
	@$(VENV)-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra dev --no-emit-package relhub pyproject.toml -o requirements-dev.lock
	@echo '$(PLAYWRIGHT)' | $(VENV)-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements-dev.lock - -o requirements-browser.lock
	@rm -rf $(VENV)-lock

clean: ## throw away the environment and the demo's data
	rm -rf $(VENV) .relhub
