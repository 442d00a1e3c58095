# Everything runs inside .venv, which scripts/setup.sh makes from hash-locked packages.
# What is needed beforehand: make, Python 3.11 or newer, and whatever index pip is set up for.

SHELL := /bin/bash
.DELETE_ON_ERROR:
.NOTPARALLEL:
.DEFAULT_GOAL := help

PY := .venv/bin/python
PYTEST := $(PY) -m pytest
export PYTHON PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo run web test bench generate shots lint room format soak lock setup \
  setup-media setup-desktop setup-data setup-dev setup-bench clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

demo: setup ## watch speech become text through the real processes (a minute or two)
	@$(PY) -m garret.demo

web: setup-dev ## build the page into src/garret/page/assets, where it is older than its sources
	@scripts/web.sh

run: setup ## start Garret here, in the foreground; Ctrl-C stops it
	@scripts/web.sh || echo "The page is not built; everything else works."
	@.venv/bin/garret up --foreground

test: setup-dev ## all tests but the long ones; ARGS="-k name" narrows
	@scripts/system_packages.sh
	@scripts/web.sh || echo "The page is not built: the tests of what shows it will skip."
	@$(PYTEST) $(if $(CI),--junitxml=build/junit.xml) $(ARGS)

# All parts take hours; ARGS="ledger" or ARGS="stream --hours 1" selects.
soak: setup-dev ## the long tests: thousands of kills, hours of audio, many examples
	@scripts/system_packages.sh
	@$(PY) scripts/soak.py $(ARGS)

bench: setup-bench ## measure, print the table, write build/bench.json; ARGS="storage" narrows
	@$(PY) -m benchmarks $(ARGS)

generate: setup-dev ## write anew what is made from the contracts: schemas, references, TypeScript
	@$(PY) -m scripts.generate

shots: setup-dev ## draw the pictures in docs/pictures and build/shots from real runs
	@$(PY) scripts/shots.py
	@$(PY) -m scripts.page_shots

lint: setup-dev ## style, types, import contracts, shell scripts, forbidden text
	@$(PY) scripts/lint.py

room: setup-dev ## lay the files of a new room; NAME=notes
	@$(PY) scripts/room.py $(NAME)

format: setup-dev ## rewrite the sources in the project's format
	@.venv/bin/ruff check --fix --exit-zero .
	@.venv/bin/ruff format .

lock: setup-dev ## resolve requirements/*.lock anew; ARGS=--upgrade takes newer versions
	@scripts/lock.sh $(ARGS)

setup: ## make .venv with what running Garret needs
	@scripts/setup.sh base

setup-media: ## ... and what reads M4A, WebM, WMA and many more (PyAV, whose FFmpeg is under the GPL)
	@scripts/setup.sh media

setup-desktop: ## ... and what its window needs (Qt, 260 MB); `garret open` opens it then
	@scripts/setup.sh desktop

setup-data: ## ... and what asks PostgreSQL, MySQL, MongoDB, Trino, Neo4j and Qdrant (drivers, 280 MB)
	@scripts/setup.sh data

setup-dev: ## ... and what developing it needs
	@scripts/setup.sh dev

setup-bench: ## ... and the peers that the benchmarks measure
	@scripts/setup.sh bench

clean: ## remove .venv and everything built
	@rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .grimp_cache .hypothesis
