# Everything runs in .venv; `make` alone says what there is.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
DEMO ?= demo-output

.DEFAULT_GOAL := help
.PHONY: help setup check fix peers test test-fast demo presidio clean

help: ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/.ready ## Make .venv with everything pinned (CPU), and the console script

.venv/.ready: requirements/cpu.txt requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' \
	  || { echo "maskray needs Python 3.11 or 3.12 (set PYTHON=...)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { rm -rf .venv; \
	  apt-get install -y -q $(notdir $(PYTHON))-venv && $(PYTHON) -m venv .venv; }
	$(PIP) install --no-deps -r requirements/cpu.txt -r requirements/dev.txt
	@$(BIN)/python -c 'import torch' 2>/dev/null || $(PIP) install torch==2.13.0
	$(PIP) install --no-deps --editable .
	@touch $@

check: setup ## Lint, formatting and types: the fast part
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

fix: setup ## Mend what the linter and the formatter can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

peers: ## Install what the online tests talk to: Orthanc and Chromium (Debian, root)
	@test -e /usr/share/orthanc/plugins/libOrthancDicomWeb.so \
	  && command -v Orthanc chromium > /dev/null \
	  || apt-get install -y -q orthanc orthanc-dicomweb chromium \
	  || echo "Without Orthanc and Chromium their tests are skipped."

test: check peers ## Lint, types and all tests that need no GPU
	$(BIN)/python -m pytest

test-fast: setup ## The tests that need neither Ray nor models
	$(BIN)/python -m pytest -m "not ray and not model and not slow"

demo: setup ## De-identify the shipped examples and a synthesized set
	$(BIN)/maskray demo $(DEMO)

presidio: .venv-presidio/.ready ## Make .venv-presidio, for `maskray evaluate --solution presidio`

.venv-presidio/.ready: requirements/presidio.txt
	@command -v tesseract >/dev/null || apt-get install -y -q tesseract-ocr \
	  || { echo "install Tesseract (Debian: tesseract-ocr)"; exit 1; }
	@test -x .venv-presidio/bin/python || $(PYTHON) -m venv .venv-presidio
	.venv-presidio/bin/python -m pip --disable-pip-version-check --quiet install \
	  --no-deps -r requirements/presidio.txt
	@touch $@

clean: ## Remove what make made
	rm -rf .venv .venv-presidio demo-output evaluation .pytest_cache .mypy_cache .ruff_cache build *.egg-info
