# What people type. Each target does its own set-up, skips what is there, and can be run again.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo hosts install test bench crash judges build setup test-setup flows lint unit contract scenarios docs
.NOTPARALLEL:

target := $(or $(CARGO_TARGET_DIR),target)
pesto := $(target)/debug/pesto
# Where `cargo install` puts it.
installed := $(or $(CARGO_INSTALL_ROOT),$(CARGO_HOME),$(HOME)/.cargo)/bin/pesto
offline := examples/offline/pesto.toml
say = @echo "── $(1)"

help:
	@echo "make demo    sets up, builds, and talks with you about your first day"
	@echo "make hosts   starts a Redis and two hosts that share it, until Ctrl-C"
	@echo "make install puts the optimised pesto into cargo's bin folder, and builds the flows: for operators"
	@echo "make test    sets up, builds, and runs every check and every test"
	@echo "make bench   builds the optimised host, and measures"
	@echo "make crash   kills hosts and Redis for 25 minutes while people talk; ARGS=\"--kills 30 --seconds 120\" for less"
	@echo
	@echo "In between:"
	@echo "make build   only the host and the flows"
	@echo "make lint    only formatting and clippy"
	@echo "make judges  only the tests in which what others wrote judges Pesto: Slack's clients and models, a model's server, Redis"
	@echo "make contract  only the suite that every store passes: in memory, embedded, Redis, Redis Cluster"

# What is piped in belongs to the conversation: everything before it reads from nowhere. Piped lines answer the survey from
# its first question on, so it begins anew.
demo: build
	$(call say,A conversation: the onboarding survey)
	@exec $(pesto) chat onboarding-survey --config $(offline) $$([[ -t 0 ]] || echo --fresh)

hosts: build
	@scripts/test-setup --redis </dev/null
	$(call say,A Redis and two hosts)
	@exec examples/hosts/run

# What operators run. The development build of `make demo` is ready sooner and several times slower.
install: setup
	$(call say,Building the optimised host (the first time some minutes))
	@cargo install --locked --path host/server </dev/null
	$(call say,Building the flows)
	@$(installed) build </dev/null
	@command -v pesto >/dev/null || echo "pesto is in $(dir $(installed)), which is not on your PATH"

build: setup
	$(call say,Building the host (the first time some minutes; then only what changed))
	@cargo build --bin pesto </dev/null
	$(call say,Building the flows)
	@$(pesto) build </dev/null

setup:
	$(call say,Looking for what is needed to build)
	@scripts/toolchain </dev/null
	@scripts/wasm-target </dev/null

test: test-setup lint build unit scenarios docs
	$(call say,All is well.)

test-setup: setup
	@scripts/toolchain rustfmt clippy </dev/null
	@if [[ -x scripts/test-setup ]]; then scripts/test-setup </dev/null; fi

lint:
	$(call say,Formatting)
	@cargo fmt --all --check
	@cargo fmt --all --check --manifest-path plugins/Cargo.toml
	$(call say,Clippy: the host)
	@cargo clippy --workspace --all-targets -- -D warnings </dev/null
	$(call say,Clippy: the flows and their kit)
	@cargo clippy --workspace --all-targets --manifest-path plugins/Cargo.toml -- -D warnings </dev/null

unit:
	$(call say,Tests of the flows and their kit)
	@cargo test --workspace --manifest-path plugins/Cargo.toml </dev/null
	$(call say,Tests of the host)
	@cargo test --workspace </dev/null

# Each store runs the same cases, `host/engine/src/contract`; `make test` has them among all the others.
contract: test-setup
	$(call say,One contract: in memory, embedded, Redis, Redis Cluster)
	@cargo test -p pesto-engine -p pesto-server keeps_the_contract </dev/null

# What others wrote: Slack's clients and models, a language model's server, Redis alone and as a cluster. `make test` has
# them among all the others.
judges: test-setup build
	$(call say,Foreign judges)
	@cargo test --workspace judge_ </dev/null

scenarios:
	$(call say,Scenarios of the flows)
	@$(pesto) test </dev/null
	$(call say,The same with a crash at every point where one can fall)
	@$(pesto) test --crash-everywhere </dev/null

docs:
	$(call say,Documentation)
	@RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps </dev/null
	@RUSTDOCFLAGS="-D warnings" cargo doc --package pesto-sdk --no-deps --manifest-path plugins/Cargo.toml </dev/null

# The optimised host, as `make install` builds it.
bench: setup
	@scripts/test-setup --bench </dev/null
	$(call say,Benchmarks: they build first and take some minutes; the figures come last)
	@cargo bench --package pesto-tests --bench turns </dev/null

# The figures come last.
crash: test-setup build
	$(call say,The campaign of crashes)
	@cargo run --package pesto-crash </dev/null -- $(ARGS)
