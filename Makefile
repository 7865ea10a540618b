# Everything a newcomer needs: `make demo` and `make test` set up a virtual environment by themselves.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: help demo test lint browser simulate simulate-prices bench bench-prices clean

help:            ## list the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:[^#]*##/\t/'

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[polars,test]'
	touch $(READY)

demo: $(READY)   ## audit the sample that comes with evenhand
	$(BIN)/evenhand demo --out out/demo

lint: $(READY)   ## ruff (lint and format) and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint       ## lint, types and all tests but those that need a browser
	$(BIN)/python -m pytest -q -n 2 --dist worksteal -m 'not browser'

browser: $(READY) ## axe-core, print and narrow screens in headless Chromium (needs chromium and node)
	cd tests/browser && npm ci --silent
	EVENHAND_BROWSER=required $(BIN)/python -m pytest -q -m browser

simulate: $(READY) ## the gate's error rates, by simulation and enumeration
	$(BIN)/python benchmarks/simulate.py

simulate-prices: $(READY) ## coverage of the intervals on prices, false alarms and power
	$(BIN)/python benchmarks/simulate_prices.py

bench: $(READY)  ## time and memory of one audit of a million rows
	$(BIN)/python benchmarks/million_rows.py

bench-prices: $(READY) ## time of the sums of a million prices beside SQL by hand
	$(BIN)/python benchmarks/prices.py

clean:           ## remove the environment and everything that was made
	rm -rf $(VENV) out dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
