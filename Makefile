# `make serve`, `make test`, `make bench` and `make fuzz`. A machine needs rustup, Node with npm, and a C compiler, for
# `make bench` Python too, for `make fuzz` a C++ compiler; whatever else is missing is installed on the way, most of it
# into TOOLS, and found there again.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help serve cluster static alone test stores secure format site lint units end2end sizes torture fuzz bench peers tools musl \
	proxies postgres nats browser
.NOTPARALLEL:

TOOLS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/latchkey
export PATH := $(TOOLS)/bin:$(TOOLS)/npm/node_modules/.bin:$(PATH)

LEPTOS := 0.3.10
BINDGEN := 0.2.129
BINARYEN := 132

SERVER := --locked --release --no-default-features --features ssr
# As cargo-leptos builds the browser's half, so that both share what they compile.
BROWSER := --locked --profile wasm-release --no-default-features --features hydrate \
	--target wasm32-unknown-unknown --target-dir target/front
# One log a runner, added up at the end.
LOGS := target/test-logs
# The peers, and what was measured.
BENCH := target/bench
FUZZ := target/fuzz
# A Linux with nothing in it, on this machine's architecture.
ALONE = $(shell uname -m)-unknown-linux-musl
HOST = $(shell rustc -vV | sed -n 's/^host: //p')
COVERAGE := -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
	-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
	-Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1

help: ## Show this.
	@sed -nE 's/^([a-z0-9]+):.*## (.*)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 10

serve: site ## Build Latchkey and run it; ARGS="--listen …" goes to `latchkey serve`.
	cargo build $(SERVER)
	target/release/latchkey serve $(ARGS)

cluster: site proxies postgres nats ## Run three processes with PostgreSQL, NATS and a balancer on this machine.
	cargo build $(SERVER)
	deploy/cluster.sh target/release/latchkey target/cluster $(ARGS)

static: site musl ## Build Latchkey as one file, target/static/latchkey, that needs nothing around it but its data.
	cargo build $(filter-out --release,$(SERVER)) --profile static --target $(ALONE)
	mkdir -p target/static
	cp target/$(ALONE)/static/latchkey target/static

alone: static ## Try that file in an empty root, and print what it takes.
	LATCHKEY_STATIC=$(CURDIR)/target/static/latchkey \
		cargo test $(SERVER) --test server -- --ignored --nocapture --test-threads 1 alone::

test: format lint units end2end sizes ## Run every check there is; the last line counts the tests.
	@awk '/^test result:/ { passed += $$4; failed += $$6 } \
		/^ +[0-9]+ (passed|flaky)/ { passed += $$1 } /^ +[0-9]+ failed/ { failed += $$1 } \
		END { print passed " passed, " failed + 0 " failed" }' $(LOGS)/*

site: tools # What the browser is given, into target/site. The server is built after it, and holds it.
	cargo leptos build --release --split --precompress --frontend-only --cargo-locked

format:
	cargo fmt --check

lint: site # Clippy, for the server and for the browser.
	cargo clippy $(SERVER) --all-targets -- -D warnings
	cargo clippy $(BROWSER) --lib -- -D warnings

units: site proxies postgres nats # Unit, property and integration tests, against the release build.
	mkdir -p $(LOGS)
	cargo test $(SERVER) 2>&1 | tee $(LOGS)/cargo

stores: units ## Run the server's tests on PostgreSQL as well, which takes some minutes more.
	LATCHKEY_TEST_DATA=postgres cargo test $(SERVER) --test server -- $(ON_POSTGRES) 2>&1 | tee $(LOGS)/postgres

end2end: units browser # The release build in a real browser.
	if [ -f end2end/package.json ]; then \
		npm --prefix end2end ci --no-audit --no-fund && \
		CHROMIUM="$$(command -v $(BROWSERS) | head -1)" npm --prefix end2end test 2>&1 | tee $(LOGS)/end2end; \
	fi

sizes: site ## Print what a first visit to a room page costs over the wire.
	cargo test $(SERVER) --test server -- --exact assets::what_a_first_visit_to_a_room_costs_is_printed_beside_its_budget --nocapture

# Those of what a connection carries, whatever it is carried over.
OVER_TLS := bounds::an changes:: conversation:: forms:: frames:: history:: live:: names:: presence:: races:: reconnect:: rooms:: security::
secure: units ## Run the server's tests over TLS as well, which takes some minutes more.
	LATCHKEY_TEST_HTTPS=1 cargo test $(SERVER) --test server -- $(OVER_TLS) 2>&1 | tee $(LOGS)/secure

CRASHES := 10000
KILLS := 1000
BAD_DAYS := 8
torture: site postgres nats ## Crash the store at CRASHES=10000 points, kill the server KILLS=1000 times, have a cluster's bad days last BAD_DAYS=8 times as long, and audit every answer.
	LATCHKEY_CRASHES=$(CRASHES) cargo test $(SERVER) --lib -- --nocapture --exact \
		server::store::sqlite::crash::at_any_point_of_a_crash_what_was_answered_is_true
	LATCHKEY_KILLS=$(KILLS) cargo test $(SERVER) --test server -- --nocapture --exact \
		durability::confirmed_messages_survive_kills_under_load
	LATCHKEY_BAD_DAYS=$(BAD_DAYS) cargo test $(SERVER) --test server -- --nocapture cluster::bad_days cluster::builds

# libFuzzer, instrumented as cargo-fuzz does it. What it learns stays for the next time.
fuzz: site ## Look for bytes that break a live socket, a minute long; ARGS="-max_total_time=3600" looks longer.
	mkdir -p $(FUZZ)/corpus
	RUSTFLAGS="$(COVERAGE)" CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS=true CARGO_PROFILE_RELEASE_STRIP=none \
		cargo build --locked --release --no-default-features --features fuzz --example fuzz --target $(HOST) --target-dir $(FUZZ)
	$(FUZZ)/$(HOST)/release/examples/fuzz -max_total_time=60 -artifact_prefix=$(FUZZ)/ $(ARGS) $(FUZZ)/corpus

# Thousands of sockets, at both ends, are more than a process is usually let open.
bench: site peers ## Measure the live engine beside its peers, and the pages; ARGS="--only lone,browser" measures less.
	ulimit -Sn hard && CHROMIUM="$$(command -v $(BROWSERS) | head -1)" cargo bench $(filter-out --release,$(SERVER)) --bench live -- --tools $(BENCH) $(ARGS)
	PATH="$(CURDIR)/$(BENCH)/python/bin:$$PATH" python3 benches/report.py $(BENCH)/results.json
	cat $(BENCH)/results.md

# One that cannot be installed stops nothing: it is reported as missing. Python's come one by one, or none would come
# where one cannot. uWebSockets is linked to the system's libuv. The pages are measured by what tests them.
peers:
	mkdir -p $(BENCH)/node
	cp benches/peers/*.json benches/peers/*.mjs $(BENCH)/node
	-npm --prefix $(BENCH)/node ci --no-audit --no-fund
	-[ -x $(BENCH)/python/bin/pip ] || python3 -m venv $(BENCH)/python
	-xargs -n 1 $(BENCH)/python/bin/pip install --quiet --disable-pip-version-check \
		--constraint benches/peers/requirements.txt < benches/peers/requirements.txt
	-if PATH="$$PATH:/sbin" ldconfig -p | grep -F libuv.so.1 >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update && apt-get install -y libuv1; \
	else echo "uWebSockets needs libuv1, which is not installed."; fi
	-$(MAKE) --no-print-directory browser && npm --prefix end2end ci --no-audit --no-fund

# What the black-box tests ask of the data, whatever keeps it. The others are about its file, or not about it.
ON_POSTGRES := changes:: claims:: conversation:: history:: invites:: keeper:: keeping:: live:: locks:: metrics:: names:: presence:: races:: \
	reconnect:: roles:: rooms:: search:: durability::confirmed_messages_survive_kills_under_load

postgres: # A PostgreSQL that tests start themselves; where there is none, the system's package.
	if ls -d /usr/lib/postgresql/*/bin >/dev/null 2>&1; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update && apt-get install -y --no-install-recommends postgresql; \
	else echo "The tests need PostgreSQL 15 or later, which is not installed."; exit 1; fi

nats: # A NATS that tests start themselves, likewise.
	if PATH="$$PATH:/usr/sbin" command -v nats-server >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update && RUNLEVEL=1 apt-get install -y --no-install-recommends nats-server; \
	else echo "The tests need nats-server 2.9 or later, which is not installed."; exit 1; fi

tools: # What builds the site.
	rustup target list --installed | grep -qx wasm32-unknown-unknown || rustup target add wasm32-unknown-unknown
	rustup component list --installed | grep -q '^clippy' || rustup component add clippy rustfmt
	wasm-bindgen --version 2>&1 | grep -qF '$(BINDGEN)' || $(call install,wasm-bindgen-cli@$(BINDGEN))
	cargo-leptos --version 2>&1 | grep -qF '$(LEPTOS)' || $(call install,cargo-leptos@$(LEPTOS),--features no_downloads)
	wasm-opt --version 2>&1 | grep -qF 'version $(BINARYEN)' || npm --prefix $(TOOLS)/npm install --no-audit --no-fund binaryen@$(BINARYEN)

musl: # What links a program to no library of the system's.
	rustup target list --installed | grep -qx $(ALONE) || rustup target add $(ALONE)
	if command -v musl-gcc >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update && apt-get install -y musl-tools; \
	else echo "A static program needs musl-gcc, which is not installed."; exit 1; fi

# A command from crates.io: its published build where cargo-binstall is there, else compiled.
define install
if cargo binstall -V >/dev/null 2>&1; \
	then cargo binstall --no-confirm --root $(TOOLS) $(1); \
	else cargo install --locked --root $(TOOLS) $(2) $(1); fi
endef

# RUNLEVEL=1 keeps packages from starting what they install.
# promtool comes with prometheus.
proxies: # The programs that deploy/ is for, and an authority for certificates, where the system has them packaged.
	missing=; for program in nginx caddy openssl curl prometheus pebble faketime; do \
		PATH="$$PATH:/usr/sbin" command -v $$program >/dev/null || missing+=" $$program"; done; \
	if [ -z "$$missing" ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update && RUNLEVEL=1 apt-get install -y $$missing; \
	else echo "The tests of deploy/, of HTTPS and of clocks need$$missing."; fi

BROWSERS := chromium chromium-browser google-chrome google-chrome-stable
browser: # An installed Chromium or Chrome; where there is none, the system's package, or Playwright's own.
	if [ ! -f end2end/package.json ] || command -v $(BROWSERS) >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update && apt-get install -y chromium; \
	else cd end2end && npm ci --no-audit --no-fund && npx playwright install chromium; fi
