# What a developer does with this repository. Everything goes into .venv; nothing else is touched.

PYTHON ?= python3
JOBS ?= 4
ARGS ?=
PEERS ?=
GROWTH ?= --full
PRESSURE ?=

BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo dev test coverage check acceptance bench bench-long clean

help:
	@echo 'make demo        install into .venv and watch a demonstration (DIR=folder keeps its files)'
	@echo 'make test        run the tests (JOBS=4 processes, ARGS for pytest)'
	@echo 'make coverage    the same, and tell which lines ran; takes longer'
	@echo 'make check       formatter, linters, type checkers, import layers, then the tests'
	@echo 'make acceptance  run the tests with several processes at full size; takes long'
	@echo 'make bench       measure, then run the peers beside it (ARGS for the first, PEERS for the second)'
	@echo 'make bench-long  growth at ten million tasks, then queues under pressure; takes hours (GROWTH, PRESSURE)'
	@echo 'make dev         only set up .venv for development'
	@echo 'make clean       delete .venv and everything that tools left behind'

demo: .venv/.installed
	@$(BIN)/rowlock demo $(if $(DIR),--dir "$(DIR)")

dev: .venv/.installed-dev

test: .venv/.installed-dev
	$(BIN)/pytest -n $(JOBS) --dist worksteal -m 'not acceptance' --instafail --quiet $(ARGS)

coverage:
	$(MAKE) test ARGS='--cov --cov-report=term $(ARGS)'

check:
	./check

acceptance: .venv/.installed-dev
	ROWLOCK_CHAOS=full $(BIN)/pytest -m 'acceptance or chaos or processes' -o faulthandler_timeout=7200 $(ARGS)

bench: .venv/.installed-dev
	$(BIN)/python -m benchmarks $(ARGS)
	$(BIN)/python -m benchmarks.peers $(PEERS)

bench-long: .venv/.installed-dev
	$(BIN)/python -m benchmarks.growth $(GROWTH)
	$(BIN)/python -m benchmarks.pressure $(PRESSURE)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	rm -f .coverage .coverage.*
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The installation is editable, so only a change of the metadata calls for a new one.
.venv/.installed: pyproject.toml | .venv/bin/python
	@$(PIP) install --editable .
	@touch $@

# Dependency groups need a newer pip than Python 3.11 brings along.
.venv/.installed-dev: pyproject.toml | .venv/bin/python
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install --editable '.[all]' --group dev
	@touch .venv/.installed $@

.venv/bin/python:
	@$(PYTHON) -m venv .venv
