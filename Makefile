# Every target is a script in scripts/; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run build setup test lint conformance rejections commands e2e size bench fuzz nightly screenshots lighthouse frames profile compatibility clean

PORT ?= 8080

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## build the page where needed and serve it at http://localhost:8080 (PORT=9000 for another port)
	@PORT=$(PORT) scripts/run

build: ## build the release site into dist/
	@scripts/build

setup: ## install what is missing: Rust's wasm32 target, trunk, wasm-bindgen, npm packages, Chromium, Firefox, mdbook
	@scripts/setup

test: ## run every test, in a real browser too; SUITE=rust runs one (scripts/test --list names them)
	@command -v python3 >/dev/null || scripts/setup rust
	@scripts/test $(SUITE)

lint: ## rustfmt and clippy, warnings being errors
	@scripts/setup rust
	@scripts/lint

conformance: ## simulate every recorded scenario and score it against the real cluster (ONLY=group/name for some)
	@scripts/setup rust
	@scripts/conformance scenarios $(if $(ONLY),--only '$(ONLY)')

rejections: ## score what is said to manifests against the real kubectl and API server (ONLY=003 for some)
	@scripts/setup rust
	@scripts/conformance manifests $(if $(ONLY),--only '$(ONLY)')

commands: ## score what kubectl prints against the real one (ONLY='get jobs' for some)
	@scripts/setup rust
	@scripts/conformance commands $(if $(ONLY),--only '$(ONLY)')

e2e: build ## run the browser journeys against the release build (ONLY='part of a name' for some)
	@ONLY='$(ONLY)' scripts/e2e

size: build ## print what a visitor downloads, row by row, against the budgets
	@node scripts/size.mjs dist

bench: ## print the engine's speed and memory against the budgets, native and as WebAssembly
	@scripts/bench

fuzz: ## throw a million mutated manifests and command lines at the engine (CASES=1000 for fewer)
	@CASES='$(CASES)' FROM='$(FROM)' scripts/fuzz

nightly: ## 10,000 cases of every property of whole runs, then the fuzzing (CASES=1000 for fewer)
	@CASES='$(CASES)' scripts/nightly

screenshots: build ## make docs/screenshots/: each scene at three widths, light and dark
	@scripts/setup browser
	@node scripts/screenshots.mjs

lighthouse: build ## Lighthouse's mobile scores of the served release build
	@scripts/lighthouse

frames: build ## longest main-thread tasks and frame rate with 100 and 300 Pods
	@scripts/setup browser
	@node scripts/frames.mjs

profile: build ## note which functions the first load runs, by which the WebAssembly is split in two; then build again
	@scripts/setup browser
	@node scripts/profile.mjs
	@scripts/build

compatibility: ## write COMPATIBILITY.md from the recordings' scores and the lists of known differences
	@scripts/compatibility

clean: ## remove what was built (installed tools stay)
	@rm -rf dist target node_modules .tools/dist.stamp
