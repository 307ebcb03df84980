# One command per job, the same here and in CI. Needs make and Python >= 3.11; the rest is fetched.
#   make serve ARGS="--port 9090"      make test PYTEST_ARGS="tests/unit -x"

ARGS ?=
PYTEST_ARGS ?= -n 3
PYTHON_IN := .venv/bin/python

# What tools keep between runs stays in the checkout; `make clean` takes it away again.
CACHE := $(CURDIR)/.venv/cache
export PIP_CACHE_DIR := $(CACHE)/pip
export XDG_CACHE_HOME := $(CACHE)

.DEFAULT_GOAL := help
.PHONY: help serve test check format requirements docs pages bench peers soak lock lowest audit sbom wheel clean

help: ## list the commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile | expand -t 22

serve: ## run the bank; ARGS go to `bank-sandbox serve`
	@scripts/bootstrap serve
	@exec .venv/bin/bank-sandbox serve $(ARGS)

# XDG_CONFIG_HOME: Chromium would write its profile there. Not exported for all: pip reads it.
# PYTHONDONTWRITEBYTECODE empty, whatever the shell says: each of the many processes that the tests
# start would compile the bank anew, and each worker the tests.
test: ## run all tests; PYTEST_ARGS go to pytest
	@scripts/bootstrap test
	@scripts/test-setup
	XDG_CONFIG_HOME="$(CACHE)/config" PYTHONDONTWRITEBYTECODE= $(PYTHON_IN) -m pytest $(PYTEST_ARGS)

check: ## lint, format, types, floors
	@scripts/bootstrap test
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy --strict
	.venv/bin/lint-imports

format: ## put the code into the project's format
	@scripts/bootstrap test
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

requirements: ## list each requirement and the tests that show it
	@scripts/bootstrap test
	@$(PYTHON_IN) -m pytest --collect-only -qq --requirements

docs: ## build the documents as a site into build/site; fails on a link that leads nowhere
	@scripts/bootstrap test
	NO_MKDOCS_2_WARNING=1 $(PYTHON_IN) -m mkdocs build --strict
	@echo "open build/site/index.html"

pages: ## make the pages that come from the code anew
	@scripts/bootstrap test
	@for each in settings-table requirements-page cli-reference control-reference architecture-page; do \
		$(PYTHON_IN) scripts/$$each --write || exit; \
	done

bench: ## print the ratios of the benchmark
	@scripts/bootstrap test
	$(PYTHON_IN) -m tests.bench $(ARGS)

peers: ## measure other tools beside the bank; fetches them into the temporary folder
	@scripts/bootstrap test
	$(PYTHON_IN) -m tests.bench.peers $(ARGS)

soak: ## load the bank for an hour, and look for all that it acknowledged
	@scripts/bootstrap test
	$(PYTHON_IN) -m tests.bench.soak $(ARGS)

lock: ## write locks/ anew after a change of dependencies; ARGS: names to take newer versions of
	@scripts/lock $(ARGS)

lowest: ## test with the lowest versions that pyproject.toml allows; takes minutes
	@scripts/bootstrap test
	@scripts/lowest $(ARGS)

audit: ## ask whether a locked version is known to be unsafe; needs the internet
	@scripts/bootstrap test
	@$(PYTHON_IN) scripts/audit $(ARGS)

sbom: ## write the image's bill of materials
	@scripts/bootstrap test
	@$(PYTHON_IN) scripts/sbom --write

# A fixed date, the Dockerfile's too: the same sources give the same file, bit by bit.
wheel: export SOURCE_DATE_EPOCH = 1767225600
wheel: ## build the wheel into dist/
	@scripts/bootstrap test
	$(PYTHON_IN) -m hatchling build -t wheel

clean: ## remove all that these commands made, the virtual environment too
	rm -rf .venv .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	rm -rf .coverage build dist
	find . -name .git -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +
