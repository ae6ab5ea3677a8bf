# make demo               compress and decompress handwritten digits with the shipped model (needs no torch)
# make demo DATA=folder   the same with MNIST from folder/mnist/t10k-images-idx3-ubyte.gz
# make man                manual pages in build/man
# make web                the page that opens .vlz files, with its models, in build/web
# make bench              rewrite all tables from benchmarks/results; an HTML report in bench-out/
# make test               the test suite, a process for each core; make lint, make types: ruff and mypy

PYTHON ?= python3
VENV ?= .venv
OUT ?= demo-out
DATA ?=
PYTEST_ARGS ?=
BIN = $(VENV)/bin

.PHONY: bench demo test man web lint format types clean

demo: $(VENV)/.installed
	$(BIN)/vlae-demo --out "$(OUT)" --force $(if $(DATA),--data "$(DATA)")

bench: $(VENV)/.installed-dev
	$(BIN)/vlae-bench --html bench-out --force

test: $(VENV)/.installed-dev
	OMP_NUM_THREADS=$${OMP_NUM_THREADS:-1} $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

man: $(VENV)/.installed
	$(BIN)/vlae-man --out build/man

web: $(VENV)/.installed
	$(BIN)/python -m web.build build/web

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/interrogate --quiet vlae_codec models/vlae_models cli/vlae_cli

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: $(VENV)/.installed-dev
	$(BIN)/mypy

clean:
	rm -rf "$(VENV)" build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	$(PYTHON) -m venv "$(VENV)"

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet -c constraints.txt -e .
	touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@ $(VENV)/.installed
