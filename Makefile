# `make demo` shows the main job, `make test` runs every test; each sets up what it needs.
.PHONY: demo test bless docs lint bench clean browser postgresql checker pager host

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

demo: $(VENV)/.runtime
	@docs/examples/demo.sh $(abspath $(BIN)/campledger) .demo

test: $(VENV)/.development browser postgresql checker pager host
	$(BIN)/python -m pytest --numprocesses=auto --dist=worksteal

# Takes the site's pages as they are now for what they should be: look at `git diff tests/pages/golden` before committing.
bless: $(VENV)/.development
	$(BIN)/python -m pytest --quiet tests/pages/test_golden.py --bless
	@git status --short tests/pages/golden

# Makes docs/reference and docs/man from the help of the commands, the schemas, the rules and the tables of states.
docs: $(VENV)/.development
	$(BIN)/python -m docs.generate

lint: $(VENV)/.development
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: $(VENV)/.development
	$(BIN)/python -m tests.bench

$(VENV)/.runtime: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "campledger needs Python 3.11 or newer; name one: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[butler]'
	@touch $@

$(VENV)/.development: $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --editable '.[dev,butler,bps]'
	@touch $@

# The tests of the site look at it in a real browser.
browser:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi; \
	  echo "installing chromium, for the tests of the site"; \
	  $$sudo apt-get update -qq && $$sudo apt-get install -qq -y --no-install-recommends chromium >/dev/null; } || { \
	  echo "the tests of the site need a Chromium: install Debian's package chromium" >&2; exit 1; }

# The tests of the registry run on a real PostgreSQL, which they start themselves; Debian keeps initdb off the PATH.
postgresql:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi; \
	  echo "installing postgresql, for the tests of the registry"; \
	  $$sudo apt-get update -qq && $$sudo apt-get install -qq -y --no-install-recommends postgresql >/dev/null; } || { \
	  echo "the tests of the registry need PostgreSQL: install Debian's package postgresql" >&2; exit 1; }

# The man pages are read by man and groff.
pager:
	@command -v man >/dev/null && command -v groff >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi; \
	  echo "installing man-db, for the tests of the man pages"; \
	  $$sudo apt-get update -qq && $$sudo apt-get install -qq -y --no-install-recommends man-db >/dev/null; } || { \
	  echo "the tests of the man pages need Debian's package man-db" >&2; exit 1; }

# What GitHub and GitLab run for a ledger is run by the tests too; the hosts' machines have these.
host:
	@command -v curl >/dev/null && command -v jq >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi; \
	  echo "installing curl and jq, for the tests of the workflows"; \
	  $$sudo apt-get update -qq && $$sudo apt-get install -qq -y --no-install-recommends curl jq >/dev/null; } || { \
	  echo "the tests of the workflows need Debian's packages curl and jq" >&2; exit 1; }

# The Nu Html Checker, a program for Java, checks the site's HTML, TypeScript its scripts, and ajv the schemas of editors;
# npm's registry has them.
checker: $(VENV)/.checker

$(VENV)/.checker: Makefile $(VENV)/.runtime
	@command -v npm >/dev/null && command -v java >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi; \
	  echo "installing npm and java, for the tests of the site"; \
	  $$sudo apt-get update -qq && $$sudo apt-get install -qq -y --no-install-recommends npm default-jre-headless >/dev/null; } || { \
	  echo "the tests of the site need npm and java: install Debian's packages npm and default-jre-headless" >&2; exit 1; }
	@npm install --silent --no-audit --no-fund --ignore-scripts --no-save --prefix $(VENV) vnu-jar@26.9.27 typescript@7.0.2 ajv@8.20.0
	@touch $@

clean:
	rm -rf $(VENV) .demo build dist public *.egg-info
