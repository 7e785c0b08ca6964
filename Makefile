# Two commands: `make up` (the whole loop) and `make test` (every test). Both set up what they need.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check -q
EXTRAS := server,train,examples,spacy,ray,dev
EVERY_CORE := $(BIN)/pytest -n logical --maxprocesses 4 --dist worksteal
PLAIN := not server and not browser and not training
ARGS ?=

.PHONY: install system up test quick lint soak bench marker clean

install: $(VENV)/installed

# torch first and by its exact version: asked for as a range it may bring gigabytes of GPU libraries.
$(VENV)/installed: pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: apt-get install python3.11 python3.11-venv, or make PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -c constraints.txt torch==2.13.0
	$(PIP) install -c constraints.txt -e '.[$(EXTRAS)]'
	touch $@

# What the tests need from Debian; says in one line what is missing.
system:
	@missing=""; for package in chromium tesseract-ocr tesseract-ocr-ita fonts-liberation fonts-dejavu-core nginx-light openssl postgresql; do \
	  dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; done; \
	[ -z "$$missing" ] || { echo "missing from the system: apt-get install$$missing"; exit 1; }

up: install
	$(BIN)/lettera up $(ARGS)

# What needs no server, browser or training runs on every core; the rest shares one of each.
test: install system lint
	$(EVERY_CORE) -m "$(PLAIN)" $(ARGS)
	$(BIN)/pytest -m "server or browser or training" $(ARGS)

quick: install lint
	$(EVERY_CORE) -m "$(PLAIN) and not slow" $(ARGS)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# What make test does in small: answers damaged at random, kills at random moments, round trips.
soak: install system
	LETTERA_SOAK=5000 $(BIN)/pytest --timeout 1800 -k damaged tests/label/formats/test_formats.py
	LETTERA_SOAK=100 $(BIN)/pytest --timeout 1800 tests/label/hosted/test_ledger*.py tests/label/hosted/test_batch.py tests/label/test_together*.py tests/label/shield/test_leaks.py tests/annotate/test_review.py
	LETTERA_SOAK=30 $(BIN)/pytest --timeout 7200 tests/annotate/sync/test_broken.py
	LETTERA_SOAK=20 $(BIN)/pytest --timeout 7200 -k killed tests/annotate/test_backend_studio.py
	LETTERA_SOAK=500 $(BIN)/pytest --timeout 1800 tests/core/test_convert.py
	LETTERA_SOAK=1000 $(BIN)/pytest --timeout 1800 tests/label/rules/test_spoiled.py

bench: install
	$(BIN)/python -m tests.bench

# marker pins older libraries than ours, so it lives alone; torchvision's build breaks transformers there.
marker:
	$(PYTHON) -m venv .venv-marker
	.venv-marker/bin/pip install -q torch==2.13.0 marker-pdf==2.0.0
	.venv-marker/bin/pip uninstall -q -y torchvision

clean:
	rm -rf $(VENV) .venv-marker build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
