# The commands of this repository; `make` alone lists them. All of them work in a fresh clone.

VENV := .venv/bin
SERVICES := op rs rp
CODE := libs/servicekit/src libs/oidc_discovery/src libs/testing/src $(SERVICES:%=services/%/src) dev bench conftest.py
TESTS := libs/servicekit/tests libs/testing/tests services/tests
# Each has modules of its own at the top level, which its tests share: a run of mypy for each.
TEST_FOLDERS := libs/oidc_discovery/tests services/op/tests services/rs/tests services/rp/tests
UNTYPED_SIGNATURES := --allow-untyped-defs --allow-incomplete-defs --allow-untyped-calls
PIP_COMPILE := $(VENV)/pip-compile --quiet --generate-hashes --allow-unsafe --no-emit-index-url \
	--no-emit-find-links --strip-extras

.DEFAULT_GOAL := help
.PHONY: help bootstrap run up down logs ps images base-images kind-up kind-down k8s-validate test test-unit test-services test-e2e coverage mutate lint format locales bench screenshots lock clean-data clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

bootstrap: ## Make .venv from the locks, unless it is up to date
	@python=$$(command -v $(VENV)/python || command -v python3) \
		|| { echo "bootstrap: Trefoil needs Python 3.11 or newer, and there is no python3 here" >&2; exit 1; }; \
	"$$python" -I -S dev/bootstrap.py

run: bootstrap ## Start everything here until Ctrl-C [MODE=A|B] [ID_TOKEN_ALG=RS256|ES256|HS256]
	@$(VENV)/python dev/run.py

up: bootstrap ## Build the images and start everything on Docker [MODE=A|B] [REPLICAS=1]
	@$(VENV)/python dev/containers.py up

down: bootstrap ## Stop what `up` started; the data stay in their volume
	@$(VENV)/python dev/containers.py down

logs: bootstrap ## Follow the logs of the containers
	@$(VENV)/python dev/containers.py logs --follow

ps: bootstrap ## List the containers
	@$(VENV)/python dev/containers.py ps

images: bootstrap ## Build the images of the three services [TAG=dev]
	@$(VENV)/python dev/containers.py images

base-images: ## Make stand-ins for the base images from Debian's packages, without a registry
	@dev/offline/base-images

kind-up: bootstrap ## Start everything in a kind cluster [MODE=A|B] [REPLICAS=2]
	@$(VENV)/python dev/kind.py up

kind-down: bootstrap ## Delete what `kind-up` made, with its data
	@$(VENV)/python dev/kind.py down

k8s-validate: bootstrap ## Check the Kubernetes manifests by their schemas and by our own rules
	@$(VENV)/python dev/kind.py validate

test: bootstrap ## Run all tests, in a browser too [ARGS="arguments of pytest", in a single run]
	@$(VENV)/python dev/run_tests.py all $(ARGS)

test-unit: bootstrap ## Run the fast tests in parallel: no Docker, no browser, no slow processes [ARGS=...]
	@$(VENV)/python dev/run_tests.py unit $(ARGS)

test-services: bootstrap ## Run all unit and service tests in parallel [ARGS=...]
	@$(VENV)/python dev/run_tests.py services $(ARGS)

test-e2e: bootstrap ## Run the tests in browsers and containers [ARGS=...]
	@$(VENV)/python dev/run_tests.py e2e $(ARGS)

coverage: bootstrap ## Run the unit and service tests and print their branch coverage by package [ARGS=...]
	@PYTHONPATH=dev $(VENV)/python dev/test_quality/branch_coverage.py $(ARGS)

mutate: bootstrap ## Test the tests of protocol/ by mutations of it [ARGS="op rs rp"]
	@PYTHONPATH=dev $(VENV)/python dev/test_quality/mutation.py $(ARGS)

lint: bootstrap ## Check format, style, types and the imports between packages
	$(VENV)/ruff format --check .
	$(VENV)/ruff check .
	$(VENV)/mypy $(CODE) $(TESTS)
	MYPYPATH=e2e $(VENV)/mypy e2e
	for folder in $(TEST_FOLDERS); do \
		MYPYPATH=$$folder $(VENV)/mypy $(UNTYPED_SIGNATURES) $$folder || exit 1; \
	done
	$(VENV)/lint-imports --no-logo

format: bootstrap ## Format the code and apply the fixes of the linter
	$(VENV)/ruff format .
	$(VENV)/ruff check --fix .

locales: bootstrap ## Update the translations from the sources and check them [ARGS="--check" or ARGS="--add fr"]
	@PYTHONPATH=dev $(VENV)/python -m translations $(ARGS)

bench: bootstrap ## Measure what is shipped [ARGS=...]
	@PYTHONPATH=dev $(VENV)/python bench/benchmark.py $(ARGS)

screenshots: bootstrap ## Take the pictures of the README again
	@$(VENV)/python dev/screenshots.py

lock: bootstrap ## Update the locks from the requirements.in files [ARGS=--upgrade]
	$(PIP_COMPILE) $(ARGS) --output-file requirements-dev.txt \
		requirements-dev.in $(SERVICES:%=services/%/requirements.in)
	for service in $(SERVICES); do \
		$(PIP_COMPILE) $(ARGS) --output-file services/$$service/requirements.txt \
			services/$$service/requirements.in || exit 1; \
	done
	$(PIP_COMPILE) $(ARGS) --output-file e2e/peers/node_peers/requirements.txt e2e/peers/node_peers/requirements.in

clean-data: ## Forget what `make run` has kept in .data
	rm -rf .data

clean: ## Remove the environment and what tools have left; .data and .env stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage-data .mutation e2e/artifacts e2e/peers/node_peers/.node \
		e2e/peers/node_peers/node_modules
	find libs services dev e2e bench -name __pycache__ -type d -prune -exec rm -rf {} +
