# make demo    install into .venv and run the built-in scenario
# make test    style, tests and the examples in the docstrings
# Needs Python 3.11 or later and make; wheels only, no compiler.

VENV  := .venv
BIN   := $(VENV)/bin
DEV   := $(VENV)/.koepel-dev
DOCS  := $(VENV)/.koepel-docs
USER_ := $(VENV)/.koepel
BUILD := pyproject.toml hatch_build.py $(wildcard frontend/*.* frontend/src/* frontend/src/texts/*)
PIP   := $(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all:

.PHONY: demo test bench docs clean

demo: $(USER_)
	$(BIN)/koepel demo

# The tests run even where the style is wrong, so that one run shows both.
test: $(DEV)
	@echo "ruff check ."; style=0; $(BIN)/ruff check . || style=$$?; \
	echo "pytest (tests and docstrings, 2 processes)"; \
	$(BIN)/python -m pytest -n 2 --dist loadgroup || exit $$?; \
	exit $$style

bench: $(DEV)
	$(BIN)/python benchmarks/run.py

docs: $(DOCS)
	$(BIN)/python -m sphinx -q -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

clean:
	rm -rf $(VENV) frontend/node_modules src/koepel/app/static docs/_build .pytest_cache .ruff_cache .hypothesis build dist koepel-demo.html

# The first Python of 3.11 or later, in this order. PYTHON=/path/to/python on the command line wins.
$(BIN)/python:
	@for python in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14 python; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "creating $(VENV) with $$($$python --version) ($$(command -v $$python))"; \
	    $$python -m venv $(VENV) && exit 0; \
	    rm -rf $(VENV); \
	    echo "koepel: $$python cannot make a virtual environment; on Debian or Ubuntu: apt install python3-venv" >&2; \
	    exit 1; \
	  fi; \
	done; \
	echo "koepel: no Python 3.11 or later found (looked for python3, python3.11 to python3.14, python)." >&2; \
	echo "Install one from https://www.python.org/downloads, or name it: make demo PYTHON=/path/to/python3.12" >&2; \
	exit 1

# Each stamp says which extras are in; a change of pyproject.toml or of the page of the map installs again.
$(USER_): $(BUILD) | $(BIN)/python
	@echo "installing koepel into $(VENV) (a minute or two the first time)"
	@$(PIP) --editable .
	@touch $@

$(DEV): $(BUILD) | $(BIN)/python
	@echo "installing koepel and its test tools into $(VENV) (a minute or two the first time)"
	@$(PIP) --editable '.[dev]'
	@touch $@ $(USER_)

$(DOCS): $(BUILD) | $(BIN)/python
	@echo "installing koepel and its documentation tools into $(VENV)"
	@$(PIP) --editable '.[docs]'
	@touch $@ $(USER_)
