# make demo    a fresh machine: environment, install, `seqbench run --suite lm`, a table
# make test    a fresh machine: environment, lint, types, all tests, the wheel and the demo run from it

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CODE := baselines recurrent datasets reports
INSTALL := install --quiet --disable-pip-version-check --constraint constraints.txt

# Tests read real data from the folder beside the checkout, where there is one.
ifneq ($(wildcard ../shared/data/MANIFEST.toml),)
export SEQBENCH_DATA ?= $(abspath ../shared/data)
endif

.PHONY: demo test lint types unit wheel format slow clean

demo: $(VENV)/installed
	$(BIN)/seqbench run --suite lm

test: lint types unit wheel

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip $(INSTALL) --editable .
	touch $@

$(VENV)/developed: $(VENV)/installed
	$(BIN)/pip $(INSTALL) --editable '.[dev]'
	touch $@

lint: $(VENV)/developed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/developed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# mypy sees neither the editable install nor the package-dir mapping: it is shown a tree of links.
types: $(VENV)/developed
	rm -rf .typed
	mkdir -p .typed/seqbench
	ln -s $(CURDIR)/seqbench/* $(CODE:%=$(CURDIR)/%) .typed/seqbench/
	cd .typed && ../$(BIN)/mypy --config-file ../pyproject.toml --no-namespace-packages --package seqbench | tee mypy.txt
	files=$$(find seqbench $(CODE) -name '*.py' | wc -l); \
	grep --quiet "no issues found in $$files source files" .typed/mypy.txt || \
	{ echo "mypy must find no issue in each of $$files files"; exit 1; }

# One process a core, each with one thread.
unit: $(VENV)/developed
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses logical --maxprocesses 8 --dist loadscope

slow: $(VENV)/developed
	$(BIN)/pytest -m slow

# The wheel holds seqbench alone, and works from a fresh environment, outside the checkout.
wheel: $(VENV)/developed
	rm -rf build dist .wheel
	$(BIN)/python -m build --wheel --outdir dist . > /dev/null
	$(BIN)/python -c "import sys, zipfile; \
	names = {n.split('/')[0] for n in zipfile.ZipFile(sys.argv[1]).namelist()} - {'seqbench-0.1.0.dist-info'}; \
	sys.exit(f'the wheel must hold seqbench alone, not {names}' if names != {'seqbench'} else 0)" dist/*.whl
	$(PYTHON) -m venv .wheel
	.wheel/bin/pip $(INSTALL) dist/*.whl
	cd .wheel && bin/seqbench run --suite lm && bin/seqbench report results --format markdown
	cd .wheel && bin/seqbench run --suite doc --dataset synthetic-order --model naive-bayes --model lstm --store doc

clean:
	rm -rf $(VENV) .wheel .typed build dist *.egg-info
