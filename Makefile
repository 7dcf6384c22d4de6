# SPDX-License-Identifier: Apache-2.0
# A short door in front of meson. Everything that takes more than a line lives in scripts/.

BUILD ?= build
export SLUICE_BUILD_DIR := $(BUILD)

.PHONY: all deps demo check bench fuzz format lint clean

all: ## build into build/; installs nothing
	@scripts/build.sh $(BUILD)

deps: ## install the Debian packages that building and running need
	@scripts/deps.sh build

demo: deps all ## build a flow over real data, run it, suspend, resume and stop a second run
	@scripts/owned.sh scripts/demo.sh $(BUILD)

check: ## install what the tests need, build, run every test; ends with "N passed, N failed"
	@scripts/check.sh $(BUILD)

bench: deps all ## measure against the floors of this machine
	@scripts/owned.sh scripts/bench.sh $(BUILD)

fuzz: ## fuzz every parser for MINUTES_EACH minutes of CPU time (default 0.5)
	@scripts/fuzz --minutes $(or $(MINUTES_EACH),0.5)

format: ## format every C file in place
	@scripts/format.sh

lint: all ## clang-tidy over src/
	@scripts/lint.sh $(BUILD)

clean:
	rm -rf $(BUILD) build-asan build-fuzz test/wire/node_modules
