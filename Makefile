# The only commands a newcomer needs. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
# Where the built programs are; CARGO_TARGET_DIR is honoured.
TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
DENY_VERSION := 0.20.2
DEB_VERSION := 3.8.0

# Packages, and why.
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
install = echo "installing $(1): $(2)"; $(SUDO) apt-get update -qq && \
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(1) >/dev/null

.PHONY: help
help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: run
run: host dashboard ## real Asterisk, a carrier, both programs, one webhook: watch the call (ONCE=1 exits after it)
	$(CARGO) build --workspace --bins
	"$(TARGET)/debug/lab" demo $(if $(ONCE),--once)

# The fleet's story waits for hosts most of its time. What only computes is done meanwhile, and gives way to it: Linux
# weighs whole sessions against each other (sched(7), autogroup), so `nice` alone would not do. What measures time has the
# machine for itself.
.PHONY: test
test: host format lint-dashboard lint-ansible lint-deb ## everything that is tested, on real parts
	$(CARGO) test --workspace --locked --test fleet --no-run
	echo "the fleet's story is told meanwhile, in $(TARGET)/fleet.log"; \
	setsid $(MAKE) --no-print-directory story >"$(TARGET)/fleet.log" 2>&1 & story=$$!; \
	setsid sh -c '{ echo 19 >/proc/self/autogroup; } 2>/dev/null || true; exec nice -n 19 "$$@"' sh \
		$(MAKE) --no-print-directory lint deny suite-of-reckoning & rest=$$!; \
	trap 'kill -- -$$story -$$rest 2>/dev/null || true' EXIT; \
	wait $$rest; told=0; wait $$story || told=$$?; trap - EXIT; cat "$(TARGET)/fleet.log"; exit $$told
	$(MAKE) --no-print-directory suite-of-waiting

.PHONY: format
format: components
	$(CARGO) fmt --all --check

# The fleet's story is no test that cargo runs by itself, so it is no target either that it means by all.
.PHONY: lint
lint: host components
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(CARGO) clippy --workspace --test fleet --locked -- -D warnings

# What reckons, whatever the time is: virtual time, numbers, fuzzers, examples in comments.
RECKONING := fuzz numbers simulation
# What waits for sockets, phones and clocks. The programs are built first: the lab's stories start them.
WAITING := http stories

.PHONY: suite
suite: suite-of-reckoning suite-of-waiting ## every test but the fleet's story

.PHONY: suite-of-reckoning
suite-of-reckoning: suite-build every-test $(TARGET)/tools/schemathesis/installed
	$(CARGO) test --workspace --locked --no-fail-fast $(RECKONING:%=--test %)
	$(CARGO) test --workspace --locked --no-fail-fast --doc

.PHONY: suite-of-waiting
suite-of-waiting: suite-build
	$(CARGO) test --workspace --locked --no-fail-fast --lib --bins $(WAITING:%=--test %)
	$(MAKE) --no-print-directory stories

# A test that stands in no list would be told by nobody.
.PHONY: every-test
every-test:
	@$(CARGO) metadata --no-deps --locked --format-version 1 | python3 -c 'import json, sys; \
	there = {t["name"] for p in json.load(sys.stdin)["packages"] for t in p["targets"] if "test" in t["kind"]}; \
	missing = there - set(sys.argv[1:]); sys.exit(f"the Makefile runs no test called {missing}" if missing else 0)' \
	fleet $(RECKONING) $(WAITING)

.PHONY: suite-build
suite-build: host dashboard
	$(CARGO) build --workspace --bins --locked
	$(CARGO) test --workspace --locked --no-run

# The portal, which the control plane's build takes in. Built anew where its sources or the API's description changed.
DASHBOARD := control-plane/dashboard
NODE_MODULES := $(DASHBOARD)/node_modules/.package-lock.json

.PHONY: dashboard
dashboard: $(DASHBOARD)/dist/index.html ## the portal and the admin panel, in control-plane/dashboard/dist

$(DASHBOARD)/dist/index.html: $(NODE_MODULES) control-plane/openapi.json $(shell find $(DASHBOARD) -path '*/node_modules' -prune -o \
		-path '*/dist' -prune -o -path '*/stories' -prune -o -name schema.d.ts -prune -o -type f -print)
	cd $(DASHBOARD) && npm run --silent build

$(NODE_MODULES): $(DASHBOARD)/package-lock.json
	@$(node)
	cd $(DASHBOARD) && npm ci --no-audit --no-fund --loglevel=error
	touch $@

# Vite's oldest Node.
define node
node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null \
	&& command -v npm >/dev/null || { echo "Node 20.19 or newer, with npm, is missing: install it (https://nodejs.org) and try again" >&2; exit 1; }
endef

.PHONY: lint-dashboard
lint-dashboard: $(NODE_MODULES) ## form, types, lints and texts of the portal
	cd $(DASHBOARD) && npm run --silent check

# In a real browser, with a real control plane, agents and Asterisk. Screenshots of every page: target/screenshots.
.PHONY: stories
stories: host dashboard ## the portal's stories in a real browser, with screenshots of every page
	$(CARGO) build --workspace --bins --locked
	@command -v chromium >/dev/null || { $(call install,chromium,the portal is tested in a real browser); }
	cd $(DASHBOARD) && npm run --silent stories

.PHONY: deny
deny: $(TARGET)/tools/bin/cargo-deny ## licences, sources and banned crates
	$(TARGET)/tools/bin/cargo-deny --log-level error check bans licenses sources

.PHONY: advisories
advisories: $(TARGET)/tools/bin/cargo-deny ## known vulnerabilities (downloads the RustSec database)
	$(TARGET)/tools/bin/cargo-deny check advisories

# Unoptimised: it runs for a second and takes minutes to build.
$(TARGET)/tools/bin/cargo-deny:
	@echo "installing cargo-deny $(DENY_VERSION) under target/: it guards licences and advisories"
	$(CARGO) install cargo-deny --version $(DENY_VERSION) --locked --debug --quiet --root "$(TARGET)/tools" --target-dir "$(TARGET)/tools/build"
	rm -rf "$(TARGET)/tools/build"

# The tools have their own virtual environment; pip installs exactly the versions that are named.
.PHONY: lint-ansible
lint-ansible: $(TARGET)/tools/ansible/installed ## form and lints of the Ansible collection
	cd ansible && PATH="$(TARGET)/tools/ansible/bin:$$PATH" && yamllint --strict . && ansible-lint -q

$(TARGET)/tools/ansible/installed: ansible/requirements-lint.txt
	@echo "installing ansible-lint and yamllint under target/: the Ansible collection is tested with them"
	@python3 -c 'import ensurepip' 2>/dev/null || { $(call install,python3-venv,Ansible and its lints live in an environment of their own); }
	python3 -m venv "$(TARGET)/tools/ansible"
	"$(TARGET)/tools/ansible/bin/pip" install --quiet --requirement ansible/requirements-lint.txt
	touch $@

# The fuzzer that the API's description drives.
$(TARGET)/tools/schemathesis/installed: lab/requirements-fuzz.txt
	@echo "installing schemathesis under target/: the API is fuzzed with it"
	@python3 -c 'import ensurepip' 2>/dev/null || { $(call install,python3-venv,the fuzzer lives in an environment of its own); }
	python3 -m venv "$(TARGET)/tools/schemathesis"
	"$(TARGET)/tools/schemathesis/bin/pip" install --quiet --requirement lab/requirements-fuzz.txt
	touch $@

# Packages for Debian 12 and newer and Ubuntu 22.04 and newer. The date is that of the last commit: the same sources make
# the same packages.
.PHONY: deb
deb: host dashboard $(TARGET)/tools/bin/cargo-deb ## Debian packages of both programs, in target/debian
	$(CARGO) build --workspace --bins --locked
	$(CARGO) build --profile small --locked -p pbx-agent
	$(CARGO) build --release --locked -p control-plane
	packaging/check-glibc.sh "$(TARGET)/small/pbx-agent" "$(TARGET)/release/control-plane"
	packaging/check-size.sh 10 "$(TARGET)/small/pbx-agent"
	export SOURCE_DATE_EPOCH="$$(git log -1 --format=%ct)"; \
	for profile in small release; do \
		"$(TARGET)/debug/packaging" "$(TARGET)/$$profile/documents"; \
	done; \
	for package in pbx-agent control-plane; do \
		"$(TARGET)/tools/bin/cargo-deb" --no-build --locked -p $$package; \
	done

# The story takes half an hour, as root; everything it does it does to hosts of its own.
.PHONY: fleet
fleet: deb $(TARGET)/tools/ansible/installed ## the packages and the playbooks on booted hosts, from bare to upgraded (FLEET=ubuntu)
	$(MAKE) --no-print-directory story

.PHONY: story
story:
	FLEET="$(FLEET)" $(CARGO) test --workspace --locked --test fleet -- --nocapture

.PHONY: lint-deb
lint-deb: deb ## what Debian's own checker says of the packages
	@command -v lintian >/dev/null || { $(call install,lintian,it is Debian's own checker of packages); }
	lintian --fail-on error,warning "$(TARGET)"/debian/*.deb

$(TARGET)/tools/bin/cargo-deb:
	@echo "installing cargo-deb $(DEB_VERSION) under target/: it builds the packages"
	CARGO_PROFILE_RELEASE_LTO=false CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
	$(CARGO) install cargo-deb --version $(DEB_VERSION) --locked --quiet --root "$(TARGET)/tools" --target-dir "$(TARGET)/tools/build"
	rm -rf "$(TARGET)/tools/build"

.PHONY: bench
bench: host ## figures beside their baselines from the same run; writes target/bench.json
	$(CARGO) build --workspace --bins --release
	"$(TARGET)/release/lab" bench

# An optimised build: a hundred thousand runs are to take minutes.
.PHONY: simulate
simulate: host ## the whole system in virtual time, whatever goes wrong, one run a seed (SEEDS=n or SEED=k)
	$(CARGO) build --bin lab --release
	"$(TARGET)/release/lab" simulate $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),10000))

# SEED=k runs that one alone, with the same harm at the same moments.
.PHONY: chaos
chaos: host ## kills and cuts at random on real parts: lost, rung twice, labelled (SEEDS=n or SEED=k)
	$(CARGO) build --workspace --bins
	"$(TARGET)/debug/lab" chaos $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),5))

# What a bare machine lacks. The lab installs what only it needs, saying what and why.
.PHONY: host
host:
	@command -v $(CARGO) >/dev/null || { echo "cargo is missing: install Rust from https://rustup.rs and try again" >&2; exit 1; }
	@command -v cc >/dev/null || { $(call install,gcc libc6-dev,SQLite and ring are compiled from C); }

# Parts of Rust that rustup's minimal profile leaves out.
.PHONY: components
components:
	@for part in fmt clippy; do $(CARGO) $$part --version >/dev/null 2>&1 || missing=1; done; \
	if [ "$${missing-}" ]; then \
		echo "installing rustfmt and clippy: form and lints are tested with them"; \
		rustup component add rustfmt clippy; \
	fi
