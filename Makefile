# Everything a fresh machine with Python 3.11 or newer needs: `make demo`, `make test`.
PYTHON        ?= python3
VENV          := .venv
# Which build of torch: empty = the usual one; auto = what fits the driver; cpu; cu126 ... (names of uv's --torch-backend)
TORCH_BACKEND ?=
CONSTRAINTS   ?= constraints.txt
# Tests wait for processes much of their time: one worker more than there are cores.
JOBS          ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
STAMP         := $(VENV)/.installed
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
UV = $(shell command -v uv || echo $(VENV)/bin/uv)

.PHONY: install demo test lint check format clean

install: $(STAMP)

$(STAMP): pyproject.toml $(wildcard $(CONSTRAINTS))
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("labapp needs Python 3.11 or newer, this is %d.%d: make PYTHON=python3.12" % sys.version_info[:2])'
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV) || { echo "install your system's python3-venv package, or uv"; rm -rf $(VENV); exit 1; }
	@command -v uv >/dev/null || test -x $(VENV)/bin/uv || $(VENV)/bin/python -m pip install --quiet uv
	$(UV) pip install --quiet $(if $(CONSTRAINTS),--constraint $(CONSTRAINTS)) $(if $(TORCH_BACKEND),--torch-backend $(TORCH_BACKEND)) --group dev --editable .
	@touch $@

demo: install          ## the whole loop on the embedded samples, CPU, under five minutes
	$(VENV)/bin/labapp demo

test: install          ## the test suite
	$(VENV)/bin/python -m pytest -n $(JOBS) --dist worksteal

lint: install          ## formatting, lint, types, import contracts
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

check: lint test       ## what CI runs

format: install
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
