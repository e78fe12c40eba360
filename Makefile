# `make help` lists the targets. Everything uses one profile (release), one target directory and the whole
# workspace's features, so that nothing is built twice.
# Older ones are not tried; 4.0 is of 2013.
ifneq ($(filter 3.%,$(MAKE_VERSION)),)
$(error GNU make 4.0 or later is needed, and this is $(MAKE_VERSION): install a newer one, then run the same command again)
endif
export CARGO_TARGET_DIR ?= $(HOME)/.cache/zkthreads/target
# A compiler takes up to 2.5 GB: no more of them at once than the memory holds.
export CARGO_BUILD_JOBS ?= $(shell awk -v cores=$$(nproc) \
	'/^MemTotal/ {jobs = int($$2 / 2500000); print jobs < 1 ? 1 : jobs < cores ? jobs : cores}' /proc/meminfo)
# The browser of the tests.
export CHROMIUM ?= $(firstword $(wildcard /usr/bin/chromium /snap/bin/chromium /usr/bin/google-chrome) /usr/bin/chromium)
PROFILE ?= default
# What the default filter in .config/nextest.toml leaves out.
LONG_TESTS := --release --workspace --profile ci --ignore-default-filter -E "not default()"
FUZZ_OS_SUB_BLOCKS ?= 2000
SOAK_SECONDS ?= 3600
LAG_SECONDS ?= 1200
LAG_SCENARIO ?=
ATTACK_SECONDS ?= 20
BIN := $(CARGO_TARGET_DIR)/release/zkthreads
# How a step is announced and timed.
STEP := tools/step
BUILD_TITLE := building the node, the thread and the prover

.DEFAULT_GOAL := help
.PHONY: help setup build demo devnet test test-long suites fuzz fuzz-os attack soak lag first-build-costs bench fmt lint check-reproducible check-docker check-setup fixtures audit advisories

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

setup: ## install what building and testing need
	tools/setup test

build: ## build the binary
	@$(STEP) 1/2 "set-up" tools/setup build
	@$(STEP) 2/2 "$(BUILD_TITLE)" tools/build

demo: ## watch a thread at work: users who trade, proofs, a conflict, what it costs
	@$(STEP) 1/3 "set-up" tools/setup build
	@$(STEP) 2/3 "$(BUILD_TITLE)" tools/build
	@$(STEP) 3/3 "demo" $(BIN) demo

devnet: build ## run a local chain on port 5050
	$(BIN) devnet --seed 0

test: ## run the tests, those of the JavaScript and Python clients too
	@$(STEP) 1/3 "set-up, with all that the tests need" tools/setup test
	@$(STEP) 2/3 "building the tests" tools/watched cargo nextest run --release --workspace --profile $(PROFILE) --no-run
	@$(STEP) 3/3 "running the tests" cargo nextest run --release --workspace --profile $(PROFILE)

test-long: ## the tests that take minutes each: twenty kills, proofs of the whole corpus, everybody's wallets
	@$(STEP) 1/3 "set-up, with all that the tests need" tools/setup test
	@$(STEP) 2/3 "building the tests" tools/watched cargo nextest run $(LONG_TESTS) --no-run
	@$(STEP) 3/3 "running the long tests" cargo nextest run $(LONG_TESTS)

suites: build ## starknet.py's own tests against the devnet, out of its source distribution
	tools/setup test
	.venv/bin/python e2e/suites/run $(BIN)

fuzz: ## hostile packages and proofs, FUZZ_SECONDS (600) for each target
	tools/setup build
	prover/verifier/fuzz/run

fuzz-os: ## the thread OS against blockifier on FUZZ_OS_SUB_BLOCKS (2000) random sub-blocks
	tools/setup build
	cargo build --release --workspace --example fuzz_os
	$(CARGO_TARGET_DIR)/release/examples/fuzz_os $(FUZZ_OS_SUB_BLOCKS)

attack: build ## attack a node as a stranger would, each way for ATTACK_SECONDS (20): what others notice, and what it costs
	cargo build --release --workspace --example attack
	$(CARGO_TARGET_DIR)/release/examples/attack --seconds $(ATTACK_SECONDS)

soak: build ## an hour (SOAK_SECONDS) of load, kills, forks and undone blocks: is anything lost?
	cargo build --release --workspace --example soak
	$(CARGO_TARGET_DIR)/release/examples/soak --seconds $(SOAK_SECONDS)

lag: build ## does a thread settle at first try, and what do strangers cost it? LAG_SECONDS (1200) for each LAG_SCENARIO (all)
	cargo build --release --workspace --example lag
	$(CARGO_TARGET_DIR)/release/examples/lag --seconds $(LAG_SECONDS) $(if $(LAG_SCENARIO),--scenario $(LAG_SCENARIO))

first-build-costs: ## a first build in an empty directory: CPU seconds by crate, against the budget
	tools/setup build
	tools/first-build-costs

bench: build ## verify, precheck, apply, the same transfers one by one (Criterion); what the OS spends
	cargo bench --workspace --bench '*'

fmt: ## format the Rust sources
	tools/third-party/fetch
	cargo fmt

lint: ## check formatting, warnings are errors
	tools/setup lint
	cargo fmt --check
	tools/watched cargo clippy --release --workspace --all-targets -- -D warnings

audit: ## spelling, documentation without broken links, licences and sources of the dependencies
	tools/setup audit
	target/checkers/bin/typos
	target/checkers/bin/cargo-deny --workspace check --hide-inclusion-graph licenses bans sources
	RUSTDOCFLAGS='-D warnings -A rustdoc::private-intra-doc-links' tools/watched cargo doc --release --workspace --no-deps \
		--document-private-items

check-reproducible: ## compile the Cairo sources again and compare with the committed artifacts
	tools/check-reproducible

check-docker: build ## run the image's steps and its container without Docker
	tools/check-docker

check-setup: ## the README's commands in bare systems (as root); FULL=1 builds there as well
	tools/check-setup

fixtures: ## rewrite every committed artifact that is made from sources
	tools/check-reproducible --write

advisories: ## known faults of the dependencies (fetches their list from GitHub)
	tools/setup audit
	target/checkers/bin/cargo-deny --workspace check advisories
