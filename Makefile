# `make help` lists the targets. `make demo` and `make test` need nothing but Python and the network.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CODE := baselines recurrent datasets reports
INSTALL := install --quiet --disable-pip-version-check --constraint constraints.txt

# Tests read real data from the folder beside the checkout, where there is one.
ifneq ($(wildcard ../shared/data/MANIFEST.toml),)
export SEQBENCH_DATA ?= $(abspath ../shared/data)
endif

.PHONY: help demo test lint types unit docs wheel format slow lecture clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/installed ## environment, installation, `seqbench run --suite lm`, a table
	$(BIN)/seqbench run --suite lm

test: lint types unit docs wheel ## all that CI does: lint, types, tests, the documentation, the wheel in a fresh environment

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip $(INSTALL) --editable .
	touch $@

$(VENV)/developed: $(VENV)/installed
	$(BIN)/pip $(INSTALL) --editable '.[dev]'
	touch $@

lint: $(VENV)/developed ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/developed ## mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# mypy sees neither the editable install nor the package-dir mapping: it is shown a tree of links.
types: $(VENV)/developed ## mypy --strict on every file
	rm -rf .typed
	mkdir -p .typed/seqbench
	ln -s $(CURDIR)/seqbench/* $(CODE:%=$(CURDIR)/%) .typed/seqbench/
	cd .typed && ../$(BIN)/mypy --config-file ../pyproject.toml --no-namespace-packages --package seqbench | tee mypy.txt
	files=$$(find seqbench $(CODE) -name '*.py' | wc -l); \
	grep --quiet "no issues found in $$files source files" .typed/mypy.txt || \
	{ echo "mypy must find no issue in each of $$files files"; exit 1; }

# Accessibility is measured where axe-core can be had; without it, its test is skipped.
.browser:
	mkdir -p $@
	npm install --no-save --no-audit --no-fund --fetch-retries=0 --prefix $@ axe-core > /dev/null 2>&1 || true

# One process a core, each with one thread.
unit: $(VENV)/developed .browser ## the tests, one process per core
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses logical --maxprocesses 8 --dist loadscope

# Warnings are errors: a link without a target, a page in no list, a name that the library does not have.
docs: $(VENV)/developed ## the documentation as a site: open docs/_build/index.html
	$(BIN)/sphinx-build --fail-on-warning --nitpicky --fresh-env --write-all --quiet \
	--conf-dir docs . docs/_build

slow: $(VENV)/developed ## the long reproductions, which the tests leave out
	$(BIN)/pytest -m slow

lecture: $(VENV)/installed ## docs/lecture.ipynb, executed, as a page: docs/_build/lecture.html
	$(BIN)/pip $(INSTALL) --editable '.[lecture]'
	OMP_NUM_THREADS=1 $(BIN)/python docs/lecture.py docs/_build/lecture.html

# The wheel holds seqbench alone, and works from a fresh environment, outside the checkout.
wheel: $(VENV)/developed ## build the wheel, install it alone, run every model from it
	rm -rf build dist .wheel
	$(BIN)/python -m build --wheel --outdir dist . > /dev/null
	$(BIN)/python -c "import sys, zipfile; \
	names = zipfile.ZipFile(sys.argv[1]).namelist(); \
	tops = {n.split('/')[0] for n in names} - {'seqbench-0.1.0.dist-info'}; \
	held = sum(n.endswith('.py') for n in names); \
	sys.exit(f'the wheel must hold seqbench alone, not {tops}' if tops != {'seqbench'} else \
	f'the wheel holds {held} of {sys.argv[2]} files' if held != int(sys.argv[2]) else 0)" \
	dist/*.whl $$(find seqbench $(CODE) -name '*.py' | wc -l)
	$(PYTHON) -m venv .wheel
	.wheel/bin/pip $(INSTALL) dist/*.whl
	cd .wheel && bin/seqbench run --suite lm --dataset synthetic-markov --model uniform --model unigram
	cd .wheel && bin/seqbench report results --format markdown
	cd .wheel && bin/python -P ../tests/wheel.py

clean: ## remove all that the other targets made
	rm -rf $(VENV) .wheel .browser .typed build dist docs/_build *.egg-info
