# uv where it is installed, else venv and pip, which brings uv: nothing else is assumed.
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
# Of two cores: where there are servers, many tests wait for workers.
PROCESSES := $(if $(shell command -v redis-server 2>/dev/null),6,4)
N ?= 10000
PYTHONS ?= 3.12 3.13 3.14
PYTHON3 := python$(or $(USE_PYTHON),3)
# The demo has a smaller environment of its own, unless there is the one of all other targets.
DEMO := $(if $(wildcard $(VENV)/.installed),$(VENV),build/demo)

# What depends on the Python that it runs on: syntax trees, imports, subprocesses; and a service's own suite.
GENERATOR := tests/test_architecture.py tests/unit tests/cli tests/check tests/contract tests/growing tests/template/test_generated.py

.DEFAULT_GOAL := help
.PHONY: help demo test test-all test-pythons test-python update-fuzz fuzz-messages chaos alerts bench bench-cli docs pictures lint golden example release clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(DEMO)/.installed ## Generate a service, add a task, watch a real worker run it
	@$(DEMO)/bin/python -m tests.demo

# Beside lint, tests and libraries are compiled: PROCESSES processes would compile them all at once.
test: $(VENV)/.installed ## What CI runs
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --collect-only $(PYTEST) >/dev/null & \
		$(MAKE) --no-print-directory lint; linted=$$?; wait; exit $$linted
	$(BIN)/python -m pytest -m "not slow" -n $(PROCESSES) --dist loadgroup $(PYTEST)

test-all: lint ## Everything: the full matrices and the long runs too
	$(BIN)/python -m pytest -n 3 --dist loadgroup

test-pythons: ## Run the tests that depend on Python on each of PYTHONS
	@for python in $(PYTHONS); do $(MAKE) --no-print-directory test-python USE_PYTHON=$$python VENV=build/python-$$python || exit; done

test-python: $(VENV)/.installed
	$(BIN)/python --version
	unset MAKEFLAGS; UV_PYTHON=$(abspath $(BIN)/python) $(BIN)/python -m pytest -m "not slow" -n 2 --dist loadgroup $(or $(PYTEST),$(GENERATOR))

update-fuzz: $(VENV)/.installed ## Update a thousand random projects, and give wrong input
	ASYNCGEN_FUZZ=1000 $(BIN)/python -m pytest --timeout 0 tests/update/test_properties.py tests/update/test_structured_properties.py \
		tests/growing/test_wrong_input.py tests/cli/test_any_command_line.py

fuzz-messages: $(VENV)/.installed ## Send N odd messages to the workers of each broker
	ASYNCGEN_FUZZ_MESSAGES=$(N) $(BIN)/python -m pytest --timeout 0 tests/messages

chaos: $(VENV)/.installed ## Kill services and bare Celery, count what N tasks lose
	PYTHONPATH='template/service/src/{{package}}' $(BIN)/python -m tests.chaos --tasks $(N) $(if $(filter 10000,$(N)),--write)

alerts: $(VENV)/.installed ## See one alert for each planted fault, after MINUTES (60)
	PYTHONPATH='template/service/src/{{package}}' $(BIN)/python -m tests.alerts --minutes $(or $(MINUTES),60) --write

bench: $(VENV)/.installed ## Measure services beside bare Celery and others
	$(BIN)/python -m benchmarks.throughput --write
	$(BIN)/python -m benchmarks.away --write

docs: $(VENV)/.installed ## Build the documentation as a site, follow every link
	PYTHONPATH='template/service/src/{{package}}' $(BIN)/python -m tests.docs

bench-cli: $(VENV)/.installed ## Measure commands beside Copier, workers beside Celery
	PYTHONPATH='template/service/src/{{package}}' $(BIN)/python -m benchmarks.cli --write

pictures: $(VENV)/.installed ## Draw what README shows: the demo, and a plot
	@PYTHONPATH='template/service/src/{{package}}' $(BIN)/python -m tests.docs.pictures

lint: $(VENV)/.installed ## Check format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --platform win32 --python-version 3.14 generator & windows=$$!; $(BIN)/mypy --num-workers 2 && wait $$windows

golden: $(VENV)/.installed ## Render and draw anew what a change of the template alters
	PYTHONPATH='template/service/src/{{package}}' $(BIN)/python -m tests.template.golden
	PYTHONPATH='template/service/src/{{package}}' $(BIN)/python -m tests.docs.architecture

example: $(VENV)/.installed ## Write the example NAME of docs/develop anew
	@$(BIN)/python -m tests.docs.examples $(NAME)

release: $(VENV)/.installed ## Commit the release VERSION, on main
	@$(BIN)/python -m tests.release $(if $(VERSION),"$$VERSION")

clean: ## Remove what the other targets made
	rm -rf $(VENV) build/demo .mypy_cache .pytest_cache .ruff_cache .hypothesis

PIP = $(@D)/bin/python -m pip install --quiet --disable-pip-version-check

$(VENV)/.installed: WANTED = --no-compile --editable '.[dev,docs]'
build/demo/.installed: WANTED = --no-compile $$($(@D)/bin/python tests/demo_requirements.py)

build/demo/.installed: tests/template/golden/pyproject.toml
$(VENV)/.installed build/demo/.installed: pyproject.toml
ifdef UV
	$(UV) venv --quiet --allow-existing --python '$(or $(USE_PYTHON),>=3.11)' $(@D)
	$(UV) pip install --quiet --python $(@D)/bin/python $(WANTED)
else
	@$(PYTHON3) -c 'import ensurepip, sys; assert sys.version_info >= (3, 11)' 2>/dev/null || \
		{ echo "expected python3 to be 3.11 or newer with venv, got: $$($(PYTHON3) --version 2>&1); install it (Debian: python3-venv)" >&2; exit 2; }
	@echo "Installing what pyproject.toml names in $(@D): up to a minute, once" >&2
	@$(PYTHON3) -m venv $(@D)
	@$(PIP) uv
# uv takes an eighth of pip's time, and reads nothing of pip's configuration: where it finds no index, pip may.
	@$(@D)/bin/uv pip install --quiet --python $(@D)/bin/python $(WANTED) 2>/dev/null || $(PIP) $(WANTED)
endif
	@touch $@
