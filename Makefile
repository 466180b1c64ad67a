# Everything runs from .venv, which holds exactly what requirements.lock names.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo test test-all test-quick test-policy lint mutants prove agree bench engines format build lock clean

# Asked to run and not merely looked up: a version manager's shim exists even for a Python it lacks.
PYTHON ?= $(shell python3.11 -c '' 2>/dev/null && echo python3.11 || echo python3)
BIN := .venv/bin
STAMP := .venv/.installed

export PIP_DISABLE_PIP_VERSION_CHECK := 1

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed 's/:.*## /|/' | \
		while IFS='|' read -r name text; do printf '  %-11s %s\n' "$$name" "$$text"; done

# .venv is rebuilt from nothing so that a package dropped from the lock is gone from it too.
$(STAMP): requirements.lock pyproject.toml
	@echo 'setting up .venv'
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed")'
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install -qq --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: .venv
.venv: $(STAMP)

demo: $(STAMP) ## decide every example request
	$(BIN)/covergraph decide data/examples/*.ttl --all
	@echo
	@echo 'To look policies up and to ask in a browser: $(BIN)/covergraph serve'
	@echo 'then open http://127.0.0.1:8000/'

# pytest closes every run, so the last line printed is its count.
test: lint ## lint, type-check and run every test; pySHACL judges a sample of the cases
	$(BIN)/pytest -n 2

# CASES=rest leaves out what `make test` has run; after MINUTES no test is begun.
CASES ?= all
test-all: lint ## the same, and pySHACL judges every case
	$(BIN)/pytest -n 2 --cases $(CASES) $(if $(MINUTES),--minutes $(MINUTES))

QUICK := axioms cases classify clauses compiled decide engine explain gate repository \
	select valuation
test-quick: style ## style and types, the compiled judge on every case, and each step by itself
	$(BIN)/pytest -n 2 $(foreach name,$(QUICK),$(wildcard tests/test_$(name)*.py))

test-policy: $(STAMP) ## one policy's cases, under both judges, and its mutants: KEY=centene/cp-mp-171
	@test -n '$(KEY)' || { echo 'which policy? make test-policy KEY=payer/policy'; exit 2; }
	@$(BIN)/covergraph policy '$(KEY)' > /dev/null
	$(BIN)/covergraph lint
	$(BIN)/python -m tests.tools.mutants '$(KEY)'
	$(BIN)/pytest -n 2 --cases all -k '$(KEY)' $(addprefix tests/test_,cases.py agreement.py repository.py)

lint: style ## check style, types, and the policies themselves
	$(BIN)/covergraph lint

.PHONY: style
style: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy -p covergraph

mutants: $(STAMP) ## misread every policy in every small way, and count what the cases notice
	$(BIN)/python -m tests.tools.mutants

prove: $(STAMP) ## hold the prover to the engine, and the policies to what is proven of all patients
	COVERGRAPH_PROVE=full $(BIN)/pytest -n 2 tests/prove

N ?= 1000
JUDGE ?= both
agree: $(STAMP) ## hold the judges against each other on N generated requests: make agree N=100000
	$(BIN)/python -m tests.tools.agree $(N) --judge $(JUDGE)

# MILLION=1 adds a batch of a million requests.
bench: $(STAMP) ## measure decisions beside pySHACL, Jena and pyrudof
	$(BIN)/python -m tests.benchmarks.bench $(if $(MILLION),--million)

engines: $(STAMP) ## ask every other SHACL engine for its verdicts on our requests
	$(BIN)/python -m tests.benchmarks.engines

format: $(STAMP) ## rewrite the Python files in the project's style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

build: $(STAMP) ## build the wheel and the sdist into dist/
	$(BIN)/python -m hatchling build

# uv lives in a throwaway environment: nothing but this target needs it.
lock: ## resolve requirements.lock anew from pyproject.toml
	@tmp=$$(mktemp -d) && trap 'rm -rf "$$tmp"' EXIT && \
	$(PYTHON) -m venv "$$tmp" && \
	"$$tmp/bin/pip" install -qq uv && \
	"$$tmp/bin/uv" pip compile pyproject.toml --quiet --upgrade --generate-hashes --universal \
		--python-version 3.11 --extra owl --extra prove --extra test --no-emit-index-url \
		--no-emit-find-links --custom-compile-command 'make lock' --output-file requirements.lock

clean: ## remove .venv, dist and caches
	rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
