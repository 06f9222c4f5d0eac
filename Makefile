# Big Red Button. `make help` lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# where an environment sets it, each process, of the tests too, would compile anew what it imports
unexport PYTHONDONTWRITEBYTECODE
# the system's certificate authorities, as pip and curl use: a company's own is among them
export UV_SYSTEM_CERTS := 1
UV_VERSION := 0.13.9
SERVICES := api-gateway provisioner installer dns authz
UV := .tools/bin/uv
BIN := .venv/bin
PACKAGES := shared cli $(SERVICES:%=services/%)
CODE := shared cli services tests deploy docs/examples bench

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- the environment -------------------------------------------------------------------------------------------------

.tools/ready: deploy/prerequisites
	deploy/prerequisites
	python3 -m venv .tools
	.tools/bin/pip install -q --disable-pip-version-check uv==$(UV_VERSION)
	touch $@

.venv/ready: .tools/ready requirements.lock $(PACKAGES:%=%/pyproject.toml)
	$(UV) venv -q --allow-existing --python python3 .venv
	VIRTUAL_ENV=.venv $(UV) pip sync -q --require-hashes requirements.lock
	VIRTUAL_ENV=.venv $(UV) pip install -q --no-deps $(PACKAGES:%=-e %)
	touch $@

.PHONY: venv lock
venv: .venv/ready ## The Python environment, from the lock
lock: .tools/ready ## Pin anew what the packages require
	$(UV) lock -q --upgrade
	$(UV) export -q --all-packages --no-emit-workspace --format requirements-txt -o requirements.lock
	$(UV) export -q --no-dev $(SERVICES:%=--package brb-%) --no-emit-workspace \
	  --format requirements-txt -o deploy/requirements.lock

# --- checks and tests ------------------------------------------------------------------------------------------------

.PHONY: check format lint types imports documents
check: lint types imports ## Format, lint, types, import rules, unit and contract tests
	$(BIN)/pytest -q tests/unit tests/contract
format: .venv/ready ## Format the code
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)
lint: .venv/ready
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE) sandbox
types: .venv/ready
	$(BIN)/mypy $(PACKAGES) tests bench deploy docs/examples
imports: .venv/ready
	$(BIN)/lint-imports
documents: .venv/ready ## Generate the documents of routes and messages anew
	$(BIN)/python -m brb_api_gateway openapi > docs/openapi.json
	$(BIN)/python -m brb_api_gateway asyncapi > docs/asyncapi.json
	$(BIN)/python -m brb_api_gateway messages > docs/contracts/messages.md
	$(BIN)/python -m brb_authz roles > docs/contracts/roles.md

.PHONY: test e2e
test: .venv/ready ## Unit, contract and integration tests (real PostgreSQL and NATS, no container engine)
	$(BIN)/pytest tests/unit tests/contract tests/integration
e2e: .venv/ready sandbox platform ## End-to-end tests against the sandbox cloud
	$(BIN)/pytest tests/e2e --timeout 1200

# --- the sandbox, the platform, the button ---------------------------------------------------------------------------

.PHONY: sandbox sandbox-down platform platform-down demo demo-down
sandbox: ## A real OpenStack and an artifact mirror in containers
	sandbox/up $(MIRROR_ARGUMENTS)
sandbox-down: ## Remove the sandbox and all it made
	sandbox/down
platform: .venv/ready ## The services on the sandbox, by docker compose
	deploy/up sandbox
platform-down: ## Remove the services and their state
	deploy/up down
demo: MIRROR_ARGUMENTS := --newest
demo: .venv/ready sandbox platform ## Sandbox, platform, and the button: a Ready cluster and its kubeconfig
	$(BIN)/python deploy/demo.py
demo-down: platform-down sandbox-down ## Remove everything that `make demo` made

# --- benchmarks ------------------------------------------------------------------------------------------------------

.PHONY: bench-button bench-scale
bench-button: .venv/ready sandbox platform ## Button to Ready against a hand-written script; prints `ratio <number>`
	$(BIN)/python -m bench.button
bench-scale: .venv/ready ## 1,000 clusters on a fake cloud: until Ready, lists, watchers, memory; prints ratios
	$(BIN)/python -m bench.scale
.PHONY: bench-dns
bench-dns: .venv/ready ## Our name server against NSD, Knot and PowerDNS; a row each, ours begins with `brb`
	$(BIN)/python -m bench.dns
.PHONY: bench-authz
bench-authz: .venv/ready ## Access decisions: ours, Kubernetes' authorizer, pycasbin; a row each, ours begins with `brb`
	$(BIN)/python -m bench.authz
