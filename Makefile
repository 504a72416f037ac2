# `make help` shows the targets.

SERVICES = engine-api sync-node status-monitor
MODULES  = migrations pkg scripts $(SERVICES:%=services/%)
# There is no root module, so the modules are named one by one.
PACKAGES = $(MODULES:%=./%/...)

# Everything except the race detector uses one kind of build: as shipped,
# without cgo and without the paths of this machine. So each library is compiled
# once, and the build cache serves every copy of the tree.
export CGO_ENABLED = 0
export GOFLAGS := $(strip $(shell go env GOFLAGS) -trimpath)

# How many minutes the tests of one package may take. It is far more than they
# take on any machine. Only tests know the variable: services refuse it.
test stress: export AURA_TEST_MINUTES = 30

.DEFAULT_GOAL = help

.PHONY: help
help: ## show this
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## a redundant station on this machine, with an engine that fails; ARGS="-longest 1m" goes to the engines
	@scripts/run.sh $(ARGS)

.PHONY: stop-engine-1 stop-engine-2 start-engine-1 start-engine-2
stop-engine-1: ## crash its first engine, while it runs: the monitor activates the other one
stop-engine-2: ## crash its second engine
stop-engine-1 stop-engine-2: stop-engine-%:
	@scripts/run.sh --stop $*

start-engine-1: ## bring its first engine back: the monitor holds it before it counts as up
start-engine-2: ## bring its second engine back
start-engine-1 start-engine-2: start-engine-%:
	@scripts/run.sh --start $*

.PHONY: api-dev
api-dev: ## engine-api alone and without a sync node, on the first database of `make run`
	@scripts/run.sh --single

.PHONY: api-test-0 api-test-1 api-test-2 api-test-3
api-test-0: ## the sync node of `make run` alone
api-test-1: ## its first engine-api alone
api-test-2: ## its second engine-api alone
api-test-3: ## its status monitor alone
api-test-0 api-test-1 api-test-2 api-test-3: api-test-%:
	@scripts/run.sh --only $*

.PHONY: build
build: ## the three services as static binaries in .build/
	@scripts/build.sh .build $(SERVICES)

.PHONY: packages
packages: ## Debian packages of the three services, for amd64 and arm64, in .build/packages/
	@scripts/packages.sh .build/packages "amd64 arm64" $(SERVICES)

.PHONY: release-check
release-check: ## say whether this commit can be released: notes, versions, and all builds as of their tags
	@scripts/release-check.sh

.PHONY: docker-build docker-push docker-api
docker-build: ## the three services as images, with Docker or Podman; REGISTRY=registry.example/aura names them
	@scripts/images.sh build
docker-push: ## publish those images to REGISTRY, for all architectures by one name
	@scripts/images.sh push
docker-api: ## engine-api in a container, from the image of docker-build
	@scripts/images.sh run

.PHONY: test
test: ## everything that must hold: all tests with the race detector, checks, each module alone
	@scripts/test.sh

.PHONY: stress
stress: ## each package ten times on one busy core, for tests that depend on speed; ARGS="./pkg/repo" for one
	@scripts/stress.sh $(ARGS)

.PHONY: soak
soak: ## for hours: faults for AURA_SOAK (10m), and properties on a million histories
	@scripts/soak.sh

.PHONY: screenshots
screenshots: ## pictures of the pages, of a station that plays, in .build/screenshots/
	@scripts/screenshots.sh

.PHONY: bench
bench: build ## measure, as ratios to what others reach on the same machine; ONLY=attack is one section
	@scripts/install-deps.sh bench
	go run ./scripts/bench $(if $(ONLY),-only $(ONLY))

# Vet also compiles, and reads the tests as the compiler does. With two versions of a
# library, a module alone would not be what the tests of the workspace have shown, and
# all that uses the library would be compiled twice.
.PHONY: independent
independent: ## vet each module and its tests without the workspace, see that it is tidy and all have the same libraries
	@twice=$$(sed -n 's/^\(require \|\t\)\([^ ]* v[^ ]*\).*/\2/p' $(MODULES:%=%/go.mod) | sort -u | cut -d' ' -f1 | uniq -d); \
	[ -z "$$twice" ] || { echo "modules require different versions of" $$twice; exit 1; }
	@set -e; for module in $(MODULES); do \
	  echo "$$module"; \
	  (cd $$module && export GOWORK=off && go vet ./... && go mod tidy -diff); \
	done

.PHONY: generate
generate: ## write the generated files anew
	@set -e; for module in $(MODULES); do GOWORK=off go -C $$module generate $(GENERATE) ./...; done

.PHONY: check-generated
check-generated: ## fail when a generated file is stale; changes nothing here
	@scripts/check-generated.sh

# The linter reads all libraries. Collecting garbage would be a third of its work.
.PHONY: lint
lint: ## golangci-lint over every module
	@linter=$$(GOWORK=off go -C scripts/lint tool -n golangci-lint) && GOGC=400 GOMEMLIMIT=3GiB "$$linter" run $(PACKAGES)

.PHONY: check-fmt
check-fmt: ## fail when a file is not as gofmt writes it
	@files=$$(gofmt -l $(MODULES)); [ -z "$$files" ] || { echo "not as gofmt writes them:" $$files; exit 1; }

.PHONY: fmt
fmt: ## format all Go files
	gofmt -w $(MODULES)
