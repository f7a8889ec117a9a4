# UPS Desk: every target makes the environment first when that is needed, and can be repeated.

VENV := .venv
PYTHON ?=
ARGS ?=
# Tests start the program hundreds of times: without compiled code each start takes twice as long.
# More workers than cores: many tests wait for a peer.
JOBS ?= 4

.PHONY: help demo test run lint bench soak environment screen
.DEFAULT_GOAL := help

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | while IFS="$$(printf '\t')" read -r target text; do \
		printf 'make %-6s %s\n' "$$target" "$$text"; done
	@echo "PYTHON=python3.12 chooses the Python of the environment, ARGS='-k name' goes to pytest, ARGS='--quick find' to make bench."

demo: screen  ## open the window on an invented worklist; without a display: the tour, with pictures in ./tour
	@echo "UPS Desk on an embedded worklist server with invented patients:"
	@$(VENV)/bin/upsdesk demo

test: environment  ## run all tests, without a display
	@echo "All tests, without a display:"
	@PYTHONDONTWRITEBYTECODE= QT_QPA_PLATFORM=offscreen $(VENV)/bin/python -m pytest -n $(JOBS) --dist loadfile $(ARGS)

run: screen  ## open the window on the saved servers, or on the first-start page
	@echo "UPS Desk on the saved worklist servers:"
	@$(VENV)/bin/upsdesk gui

lint: environment  ## check style, types and the direction of imports
	@echo "Style, types and the direction of imports:"
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

bench: environment  ## measure speed beside findscu, pynetdicom and bare Qt; prints a table, writes bench.json
	@echo "Speed (some minutes; no figure is worth much while the machine does something else):"
	@$(VENV)/bin/python -m tests.perf.bench --json bench.json $(ARGS)

docs: environment  ## write docs/conformance.md from the tables of the program
	@$(VENV)/bin/python -m tools.conformance

soak: environment  ## load the worklist server for some minutes and kill it in the middle
	@for soak in tests/perf/soak_*.py; do \
		name=$$(basename $$soak .py); echo "$$name:"; $(VENV)/bin/python -m tests.perf.$$name || exit 1; \
	done

# PYTHON, when given, is the only candidate; otherwise the environment's own, then the first that has everything,
# else the first that is new enough.
CANDIDATES = $(or $(PYTHON),$(wildcard $(VENV)/bin/python) python3.13 python3.12 python3.11 python3)

environment screen:
	@new_enough='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'; \
	python=; \
	for candidate in $(CANDIDATES); do \
		"$$candidate" -c "$$new_enough" >/dev/null 2>&1 || continue; \
		[ -n "$$python" ] || python="$$candidate"; \
		if "$$candidate" -c 'import venv, ensurepip' >/dev/null 2>&1; then python="$$candidate"; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "UPS Desk needs Python 3.11, 3.12 or 3.13; none of these is: $(strip $(CANDIDATES))." >&2; \
		echo "Install one (Debian 12:  apt install python3 python3-venv) or name one:  make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; \
		exit 1; \
	fi; \
	"$$python" tools/setup_env.py $(if $(filter screen,$@),--window)
