# `make help` lists the targets. Everything uses one profile (release), one target directory and the whole
# workspace's features, so that nothing is built twice.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/zkthreads/target
PROFILE ?= default
FUZZ_OS_SUB_BLOCKS ?= 2000
BIN := $(CARGO_TARGET_DIR)/release/zkthreads

# `--examples` makes cargo resolve features as for the tests; without it `make test` would build the world again.
BUILD := cargo build --release --workspace --bins --examples

.DEFAULT_GOAL := help
.PHONY: help setup build demo devnet test fuzz fuzz-os bench fmt lint check-reproducible check-docker fixtures deny

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

setup: ## install what building and testing need
	tools/setup test

build: ## build the binary
	tools/setup build
	$(BUILD)

demo: build ## watch a thread at work: users who trade, proofs, a conflict, what it costs
	$(BIN) demo

devnet: build ## run a local chain on port 5050
	$(BIN) devnet --seed 0

test: setup ## run every test, those of the JavaScript and Python clients too
	$(BUILD)
	cargo nextest run --release --workspace --profile $(PROFILE)

fuzz: ## hostile packages and proofs, FUZZ_SECONDS (600) for each target
	tools/setup build
	prover/verifier/fuzz/run

fuzz-os: ## the thread OS against blockifier on FUZZ_OS_SUB_BLOCKS (2000) random sub-blocks
	tools/setup build
	$(BUILD)
	$(CARGO_TARGET_DIR)/release/examples/fuzz_os $(FUZZ_OS_SUB_BLOCKS)

bench: build ## verify, precheck, apply, the same transfers one by one (Criterion); what the OS spends
	cargo bench --workspace --bench '*'

fmt: ## format the Rust sources
	tools/third-party/fetch
	cargo fmt --all

lint: ## check formatting, warnings are errors
	tools/setup build
	cargo fmt --all --check
	cargo clippy --release --workspace --all-targets -- -D warnings

check-reproducible: ## compile the Cairo sources again and compare with the committed artifacts
	tools/check-reproducible

check-docker: build ## run the image's steps and its container without Docker
	tools/check-docker

fixtures: ## rewrite every committed artifact that is made from sources
	tools/check-reproducible --write

deny: ## licences, advisories and sources of the dependencies (needs cargo-deny)
	cargo deny --workspace check licenses bans sources advisories
