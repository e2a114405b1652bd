# The commands of this repository. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: help run test debug unit e2e bench demo golden build clean

RUN_ARGS ?=        # further arguments of `segler server`, e.g. RUN_ARGS="--data-dir /srv/segler"
TEST_ARGS ?=       # further arguments of pytest, e.g. TEST_ARGS="-k logs"
FUZZ_TEXTS ?= 20000 # how many inputs `make unit` gives each fuzzer
DEMO_ARGS ?=       # further arguments of Examples/shop/demo.py, e.g. DEMO_ARGS="-o json"
BENCH_ARGS ?=      # further arguments of Benchmarks/api.py, e.g. BENCH_ARGS="-o json"
GOLDEN ?= ../shared/golden/golden.py # replays recorded exchanges with Kubernetes' own API server
# Relocations in the compact form that glibc reads since 2.36: the program takes 2 MB less.
COMPACT := $(shell getconf GNU_LIBC_VERSION 2>/dev/null | awk '{ split($$2, v, "."); if (v[1] * 1000 + v[2] >= 2036) print "-Xswiftc -use-ld=lld -Xlinker -z -Xlinker pack-relative-relocs" }')
RELEASE_FLAGS ?= --static-swift-stdlib $(COMPACT) # of `swift build -c release`

PRODUCTS := segler segler-pause
TEST_PROGRAMS := fuzz-json fuzz-requests fuzz-credentials store-crash-writer # that tests start
# Run by themselves: time passes in them, in containers and on sockets.
TIMED := RuntimeTests|NodeTests|HTTPTests|TLSTests
RELEASE := .build/release/segler
DEBUG := .build/debug/segler
VENV := .build-venv

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## build, then start Segler in the foreground (as root); Ctrl-C stops it, its Pods go on
	@.ci/install build run
	@$(MAKE) --no-print-directory build
	@exec $(RELEASE) server $(RUN_ARGS)

build: ## install what is missing and build the release
	@.ci/install build
	@for product in $(PRODUCTS); do swift build -c release $(RELEASE_FLAGS) --product $$product; done

test: ## install what is missing, build and run every test
	@.ci/install build run test demo
	@$(MAKE) --no-print-directory unit e2e

# Product by product: `swift build --build-tests` would also compile protoc, which nothing here uses.
debug:
	@for product in $(PRODUCTS) $(TEST_PROGRAMS); do echo "swift build --product $$product"; swift build --product $$product; done

unit: ## the unit tests, and a few seconds of each fuzzer
	@.ci/install build
	@$(MAKE) --no-print-directory debug
	swift build --product seglerPackageTests
	timeout 10m swift test --skip-build --skip '$(TIMED)'
	timeout 10m swift test --skip-build --filter '$(TIMED)'
	@for fuzzer in $$(find .build/debug/ -maxdepth 1 -name 'fuzz-*' -type f -executable); do $$fuzzer $(FUZZ_TEXTS); done

e2e: $(VENV)/ready ## the end to end tests: kubectl, the Python client, real containers (as root)
	@.ci/install build run test demo
	@$(MAKE) --no-print-directory debug
	SEGLER=$(DEBUG) timeout 25m $(VENV)/bin/pytest Tests/EndToEnd $(TEST_ARGS)

bench: ## the speed and memory of the API, scheduler, controllers and Services, against the goals
	@.ci/install build bench
	@$(MAKE) --no-print-directory build
	@python3 Benchmarks/api.py --segler $(RELEASE) $(BENCH_ARGS)
	@python3 Benchmarks/scheduler.py --segler $(RELEASE)
	@python3 Benchmarks/services.py --segler $(RELEASE)
	@python3 Benchmarks/controllers.py --segler $(RELEASE)
	@swift build -c release $(RELEASE_FLAGS) --product bench-authorizer && .build/release/bench-authorizer
	@swift build -c release $(RELEASE_FLAGS) --product bench-runtime
	@if [ "$$(id -u)" = 0 ]; then python3 Benchmarks/pods.py --segler $(RELEASE); else echo "Pods are measured as root only"; fi

demo: ## the story of Examples/shop in a cluster of its own: a Java shop, MariaDB, two environments, updates (as root)
	@.ci/install build run demo
	@$(MAKE) --no-print-directory build
	@python3 Examples/shop/demo.py --segler $(RELEASE) $(DEMO_ARGS)

golden: $(VENV)/ready ## replay recorded exchanges with Kubernetes' API server and count the differences
	@.ci/install build test
	swift build --product segler
	@SEGLER=$(DEBUG) $(VENV)/bin/python Tests/EndToEnd/golden.py $(GOLDEN)

clean: ## remove everything that was built
	rm -rf .build $(VENV) .pytest_cache

$(VENV)/ready: Tests/EndToEnd/requirements.txt
	@.ci/install test
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r $<
	python3 -m venv $(VENV)/hunter # it needs an old Kubernetes client
	$(VENV)/hunter/bin/pip install --quiet --disable-pip-version-check kube-hunter==0.6.8 setuptools
	@touch $@
