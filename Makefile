.POSIX:
.SUFFIXES:

PYTHON = python3
VENV = .venv
PY = $(VENV)/bin/python
PIP = $(PY) -m pip --disable-pip-version-check --no-input -qq
ARGS =

# The stamps say that .venv holds what a lock file lists. Testing needs more than publishing, so
# the larger set counts for both.
RUNTIME = $(VENV)/.runtime
DEV = $(VENV)/.dev
CLIENTS = tests/clients/node_modules/.stamp

help: ## Show this list
	@sed -n 's/^\([a-z][a-z-]*\):[^#]*## \(.*\)$$/make \1	\2/p' Makefile | expand -t 16
	@echo 'Extra arguments go through ARGS: make test ARGS="-k feeds", make publish ARGS=--dry-run'

publish: $(RUNTIME) ## Build the site, compare it with the target, upload what changed
	@$(PY) publish.py $(ARGS) || { code=$$?; \
	  echo "publish.py ended with exit code $$code (make itself ends with 2)." >&2; \
	  if [ $$code -eq 3 ]; then \
	    echo "3 means: published, but something above needs a person." >&2; fi; \
	  exit $$code; }

serve: $(RUNTIME) ## Build, serve on loopback, rebuild on change
	@$(VENV)/bin/firstword serve $(ARGS)

test: $(DEV) clients ## Run the tests
	@$(PY) -m pytest $(ARGS)

bench: $(RUNTIME) ## Measure against the peers (ARGS=--quick takes minutes, ARGS=--help tells more)
	@$(PY) -m benchmarks $(ARGS)

clients: ## Install other people's programs that read our output, where npm is there
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(CLIENTS); else \
	  echo "No npm: the tests of tests/clients will be skipped." >&2; fi

lint: $(DEV) ## Look for mistakes and for formatting that is off
	@$(VENV)/bin/ruff check
	@$(VENV)/bin/ruff format --check

types: $(DEV) ## Check the types
	@$(VENV)/bin/mypy

check: lint types test ## All three of the above

format: $(DEV) ## Format the code and mend what can be mended safely
	@$(VENV)/bin/ruff check --fix-only
	@$(VENV)/bin/ruff format

golden: $(DEV) ## Write the golden files of tests/golden again (read the diff before committing)
	@$(PY) -m pytest --golden-refresh $(ARGS)

messages: $(DEV) ## Bring the catalogues of firstword/locale/ up to date (ARGS=fr begins another language)
	@$(PY) tools/messages.py $(ARGS)

wording: $(DEV) ## Make the rules of firstword/lint/wording.tsv ready for use
	@$(PY) tools/wording.py

docs: $(DEV) ## Make the pages of docs/ a site in dist/docs/
	@NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict --quiet

package: $(DEV) ## Build sdist and wheel into dist/, try them on every Python there is
	@$(PY) tools/try_package.py $(ARGS)

lock: ## Refresh both lock files, keeping versions that still fit (ARGS=--upgrade moves them)
	@scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && \
	$(PYTHON) -m venv "$$scratch" && \
	"$$scratch/bin/python" -m pip --disable-pip-version-check -qq install 'uv>=0.13,<0.14' && \
	lock() { UV_PYTHON_DOWNLOADS=never "$$scratch/bin/uv" pip compile --quiet --universal \
	  --python-version 3.11 --generate-hashes --no-header --no-emit-index-url $(ARGS) \
	  "$$@" pyproject.toml; } && \
	lock --extra build --output-file requirements.lock && \
	lock --extra dev --constraints requirements.lock --output-file requirements-dev.lock
	@sed -n 's/^\([a-z0-9].*==[^\\]*[^ \\]\).*/\1/p' requirements.lock >firstword/starter/files/constraints.txt

clean: ## Remove what the next run makes again; public/, outbox/ and .venv/ stay
	@rm -rf output .cache dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find . -path ./$(VENV) -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help publish serve test bench clients lint types check format golden messages wording docs package lock clean

# Missing, or a link to a Python that is gone.
$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; say which: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Creating $(VENV) ..." >&2
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }

$(RUNTIME): $(PY) requirements.lock pyproject.toml
	@echo "Installing requirements.lock ..." >&2
	@$(PIP) install --compile --require-hashes -r requirements.lock
	@$(PIP) install --compile --no-build-isolation --no-deps --editable .
	@touch $@

$(DEV): $(PY) requirements-dev.lock requirements.lock pyproject.toml
	@echo "Installing requirements-dev.lock ..." >&2
	@$(PIP) install --compile --require-hashes -r requirements-dev.lock
	@$(PIP) install --compile --no-build-isolation --no-deps --editable .
	@touch $(RUNTIME) $@

$(CLIENTS): tests/clients/package.json tests/clients/package-lock.json
	@echo "Installing tests/clients/package-lock.json ..." >&2
	@npm --prefix tests/clients ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
