# make reports · make test · make lab · make pictures · make clean: each makes the environment it needs.
# On Windows, where there is no make, README.md gives the same commands.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: reports test lab pictures clean
.DELETE_ON_ERROR:

reports: $(VENV)/.reports
	$(BIN)/domino run

test: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest

lab: $(VENV)/.reports
	$(BIN)/jupyter lab notebooks

pictures: $(VENV)/.test reports
	$(BIN)/python docs/pictures.py

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache data/processed/*/ reports/* reports_comite

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "Python cannot make an environment: on Debian, apt install python3-venv"; exit 1; }

$(VENV)/.reports: pyproject.toml constraints.txt | $(VENV)/pyvenv.cfg
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.test: pyproject.toml constraints.txt | $(VENV)/pyvenv.cfg
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@ $(VENV)/.reports
