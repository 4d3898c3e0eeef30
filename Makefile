# Everything one needs, each in one word. `make help` lists it.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What asks the internet about packages, from cron too, has an environment of its own: none of it is beside the services.
RELEASE := .venv-release
# Exactly the files that were there when the lock was made. `crontab`, a need of rq-scheduler, is the one without a wheel.
INSTALL := -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary=:all: --no-binary=crontab
LOCKED := $(BIN)/python $(INSTALL)
COMPILE := $(RELEASE)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock"
QUICK := tests/test_instagram_share.py tests/test_architecture.py tests/test_documents.py tests/conversations tests/channels tests/assistant \
	--ignore tests/conversations/test_provider_faults.py --ignore tests/assistant/test_injection.py

.DEFAULT_GOAL := help
.PHONY: help run test quick lint lock audit licences format bench chaos fuzz mutants orders upgrade docs release

help: ## list these commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | awk -F '\t' '{printf "  make %-10s %s\n", $$1, $$2}'

run: $(VENV)/installed ## start everything on http://127.0.0.1:8000 (PORT=, HOST=)
	@exec $(BIN)/python -m pilito.launch

test: $(VENV)/installed-dev ## run all tests (ARGS= for pytest)
	@$(BIN)/python -m pytest $(ARGS)

quick: $(VENV)/installed-dev ## run what one runs after each change: the main job and the rules of the house, on SQLite
	@$(BIN)/python -m pytest --database sqlite -m "not bench and not whole" $(QUICK) $(ARGS)

bench: $(VENV)/installed-dev ## measure speed beside its references (ROWS="B1 B2", KEEP=1)
	@$(BIN)/python -m bench $(ROWS) $(if $(KEEP),--keep)

chaos: $(VENV)/installed-dev ## kill everything under traffic and judge what came of it (SEED=, EVENTS=, RATE=, DATABASE=, PLANT=)
	@$(BIN)/python -m chaos $(if $(SEED),--seed $(SEED)) $(if $(EVENTS),--events $(EVENTS)) $(if $(RATE),--rate $(RATE)) $(if $(DATABASE),--database $(DATABASE)) $(if $(PLANT),--plant $(PLANT))

fuzz: $(VENV)/installed-fuzz ## try what nobody thought of, for MINUTES= (10): bodies, the API, the state machines, the end of a wait, hostile words
	@mkdir -p var/fuzz/webhook_body
	@$(BIN)/python -m fuzz.webhook_body -max_total_time=$$(( $(or $(MINUTES),10) * 30 )) -timeout=2 -rss_limit_mb=400 -max_len=20000 \
		-artifact_prefix=var/fuzz/ -print_final_stats=1 -verbosity=0 var/fuzz/webhook_body tests/channels/instagram/payloads
	@FUZZ_TIMES=$$(( $(or $(MINUTES),10) * 3 )) $(BIN)/python -m pytest --database sqlite --hypothesis-profile=default --timeout 0 \
		tests/blueprints/test_api_fuzz.py tests/channels/instagram/test_instagram_fuzz.py tests/conversations/test_pairing_states.py \
		tests/conversations/test_expire.py
	@FUZZ_TIMES=$$(( $(or $(MINUTES),10) / 3 + 2 )) $(BIN)/python -m pytest -n 0 --database sqlite --timeout 0 tests/browser/test_hostile_words.py

mutants: $(VENV)/installed-dev ## make one thing wrong at a time in MODULE= and see whether a test says so (FILE=, MINUTES=, AGAIN=1, FRESH=1)
	@$(BIN)/python -m mutants $(MODULE) $(if $(FILE),--file $(FILE)) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(AGAIN),--again) $(if $(FRESH),--fresh)

orders: $(VENV)/installed-dev ## run the quick tests in TIMES= (50) random orders (SEED= for one order again, ARGS= for pytest)
	@failed=0; for seed in $(or $(SEED),$$(shuf -i 1-999999 -n $(or $(TIMES),50))); do \
		echo "order $$seed"; \
		$(BIN)/python -m pytest --database sqlite -m "not bench and not whole" --random-order-bucket=global \
			--random-order-seed=$$seed $(or $(TESTS),$(QUICK)) $(ARGS) || { failed=$$((failed + 1)); echo "order $$seed failed"; }; \
	done; echo "$$failed orders failed."; exit $$((failed > 0))

upgrade: ## back up, go to VERSION=v1.2.3, install, migrate, restart (RESTART="systemctl restart pilito.target"; docs/upgrading.md)
ifneq ($(VERSION),)
# The version that runs makes its backup: the new one may need packages, or tables, that are not there yet.
ifneq ($(BACKUP),no)
	$(BIN)/flask backup
endif
	git checkout --quiet $(VERSION)
	@$(MAKE) --no-print-directory upgrade VERSION= BACKUP=no
else
	$(LOCKED) -r requirements.lock
	@touch $(VENV)/installed
ifneq ($(BACKUP),no)
	$(BIN)/flask backup
endif
ifneq ($(MIGRATE),no)
	$(BIN)/flask db upgrade
endif
	$(if $(RESTART),$(RESTART),@echo "Now restart web, workers and scheduler.")
endif

docs: $(VENV)/installed-docs ## build the documents as a site, into site/ (SERVE=1 to look at it)
	@$(BIN)/python docs/site/build.py
	@$(if $(SERVE),$(BIN)/python -m http.server --bind 127.0.0.1 --directory site 8008,:)

release: $(VENV)/installed-dev $(RELEASE)/installed ## make a release: version, changelog, image, SBOM (VERSION=1.2.3, DRY_RUN=1)
	@$(BIN)/python deploy/release.py $(VERSION) $(if $(DRY_RUN),--dry-run)

lint: $(VENV)/installed-dev ## check style and types
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

lock: $(RELEASE)/installed ## write requirements*.lock anew: every package and what it brings, with the sums of their files
	@$(COMPILE) requirements.txt --output-file requirements.lock
	@$(COMPILE) requirements-dev.txt --output-file requirements-dev.lock --constraint requirements.lock
	@for beside in watching fuzz docs; do \
		$(COMPILE) requirements-$$beside.txt --output-file requirements-$$beside.lock --constraint requirements-dev.lock || exit 1; \
	done
	@$(COMPILE) requirements-release.txt --output-file requirements-release.lock

audit: $(RELEASE)/installed ## ask the database of known holes about every locked package (needs the internet)
	@$(RELEASE)/bin/pip-audit --strict --disable-pip --require-hashes --requirement requirements.lock --requirement requirements-watching.lock

licences: $(VENV)/installed ## list the licence of every locked package; fails at one that nobody has allowed
	@$(BIN)/python deploy/licences.py

format: $(VENV)/installed-dev ## put the code into its form
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

$(BIN)/python $(RELEASE)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Pilito needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version). Name another: make run PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(@:/bin/python=) || { echo "Python cannot make a virtual environment; on Debian or Ubuntu: apt install python3-venv" >&2; exit 1; }

$(VENV)/installed: requirements.lock | $(BIN)/python
	@echo "Installing what Pilito needs (once; about a minute) …"
	@$(LOCKED) -r requirements.lock
	@touch $@

$(VENV)/installed-dev: requirements-dev.lock | $(BIN)/python
	@echo "Installing what the tests need (once) …"
	@$(LOCKED) -r requirements-dev.lock
	@touch $(VENV)/installed $@

$(VENV)/installed-fuzz: requirements-fuzz.lock $(VENV)/installed-dev
	@$(LOCKED) -r requirements-fuzz.lock
	@touch $@

$(VENV)/installed-docs: requirements-docs.lock | $(BIN)/python
	@echo "Installing what the documents' site needs (once) …"
	@$(LOCKED) -r requirements-docs.lock
	@touch $@

$(RELEASE)/installed: requirements-release.lock | $(RELEASE)/bin/python
	@$(RELEASE)/bin/python $(INSTALL) -r requirements-release.lock
	@touch $@
