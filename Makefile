# Everything a developer and CI run. `make` alone says what there is.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

MODULE  := github.com/quorate/quorate
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
TOOLS   := bin/tools
KUBERNETES := bin/kubernetes/kube-apiserver
GITEA := bin/gitea/gitea
HELM := bin/helm/helm
IMAGE := dist/image

# Packages that hold tests of a certain sort, found by how those tests are written, so that
# nobody has to remember to list them here.
with = $(shell grep -rlE --include='*_test.go' $(1) . | xargs -r -n1 dirname | sort -u)

.PHONY: help
help: ## Say what there is to make
	@awk 'BEGIN {FS = ":.*## "} /^[a-z][a-z-]*:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/quorate
	CGO_ENABLED=0 go build -trimpath -ldflags '-X main.version=$(VERSION)' -o bin/quorate ./cmd/quorate

.PHONY: demo
demo: build ## Tell the whole story on this machine: simulated AWS, real etcd, a Git repository
	bin/quorate demo

.PHONY: test
test: vet lint archtest $(KUBERNETES) $(GITEA) $(HELM) race long image-test days contract ## Everything that CI runs

# The tests called TestKubernetes… run against the real thing, built from a module of its own. CI=true
# makes its absence a failure rather than a skip.
$(KUBERNETES): internal/kubetest/controlplane/go.mod internal/kubetest/controlplane/go.sum
	go build -C internal/kubetest/controlplane -o $(CURDIR)/bin/kubernetes/ tool
	touch $@

.PHONY: kubernetes
kubernetes: $(KUBERNETES) ## Build the Kubernetes that tests run against (five minutes, once), and run those tests
	CI=true go test -count=1 -run '^TestKubernetes' $(call with,'^func TestKubernetes')

# The tests called TestGitea… run against the real thing. Its go.mod replaces modules, so it is built in its
# own folder rather than as a dependency; go.sum here says what must be in that folder.
$(GITEA): internal/giteatest/server/go.mod internal/giteatest/server/go.sum
	mkdir -p bin/gitea
	version=$$(awk '$$1 == "require" {print $$3}' $<); \
	dir=$$(go -C internal/giteatest/server mod download -json code.gitea.io/gitea@$$version | sed -n 's/^.*"Dir": "\(.*\)".*$$/\1/p'); \
	go build -C "$$dir" -tags 'sqlite sqlite_unlock_notify' -o $(CURDIR)/$@ . && ln -sfn "$$dir" bin/gitea/static
	touch $@

.PHONY: gitea
gitea: $(GITEA) ## Build the Gitea that tests run against (four minutes, once), and run those tests
	CI=true go test -count=1 -run '^TestGitea' $(call with,'^func TestGitea')

# The tests called TestHelm… run the real one on the chart.
$(HELM): internal/helmtest/cli/go.mod internal/helmtest/cli/go.sum
	go build -C internal/helmtest/cli -o $(CURDIR)/bin/helm/ tool
	touch $@

.PHONY: chart
chart: $(HELM) $(KUBERNETES) ## Build the Helm that tests run, once, and check the chart
	CI=true go test -count=1 ./charts

# The image is of the commit: its time is on every file, so that the same commit makes the same digest.
.PHONY: image
image: ## Make the container image in dist/image, for amd64 and arm64; PUSH=registry/name:tag sends it there
	go run -C internal/image ./build -module $(CURDIR) -out $(CURDIR)/$(IMAGE) -version '$(VERSION)' \
		-revision "$$(git rev-parse HEAD 2>/dev/null)" -created "$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || echo 0)}" \
		$(if $(PUSH),-push '$(PUSH)')

.PHONY: image-test
image-test: $(HELM) ## Make the image, and run the program in it, without Docker
	CI=true go test -C internal/image -count=1 ./...

.PHONY: vet
vet: ## Run go vet
	go vet ./...

# The tools live in a module of their own, so none of their dependencies is one of the product.
$(TOOLS)/golangci-lint: tools/go.mod tools/go.sum
	go build -C tools -o ../$(TOOLS)/ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

.PHONY: lint
lint: $(TOOLS)/golangci-lint ## Run the linters of .golangci.yml
	$(TOOLS)/golangci-lint run ./...
	cd internal/image && $(CURDIR)/$(TOOLS)/golangci-lint run ./...

.PHONY: archtest
archtest: ## Check which package imports which
	go test ./internal/archtest

# These live through days with real etcd members in real time, which the race detector stretches until
# elections time out.
DAYS := ./internal/chaos ./internal/resizing

.PHONY: race
race: ## Run all unit tests under the race detector
	go test -race -timeout 20m -skip '^Test(Contract|Killed|ADay)' $$(go list ./... | grep -vxF "$$(go list $(DAYS))")

# The tests called TestKilled… play one story as often as it makes calls, and those called TestADay… live through
# a day minute by minute. The race detector would make each ten times as long, and looks at the same code in all
# other tests.
DEATHS ?= 8

.PHONY: long
long: ## Kill the service at DEATHS (8) mutating calls of every story, before and after, and live through days of drift
	CI=true go test -count=1 -timeout 15m -run '^Test(Killed|ADay)' $(call with,'^func Test(Killed|ADay)') -deaths $(DEATHS)

.PHONY: days
days: $(KUBERNETES) ## Live through a few days on which members come, go and break
	CI=true go test -count=1 -timeout 15m $(DAYS)

# Tests called TestContract… run one story against the simulator and against moto_server, an
# independent emulator; CI=true makes a missing moto_server a failure rather than a skip.
.PHONY: contract
contract: ## Compare the simulated AWS with moto, an independent one
	CI=true go test -count=1 -timeout 10m -v -run '^TestContract' $(call with,'^func TestContract')

.PHONY: bench
bench: ## Run all benchmarks
	go test -run '^$$' -bench . -benchmem $(call with,'^func Benchmark')

SEEDS ?= 200

# The test prints a table of figures; it fails if any of them is not as it must be.
.PHONY: chaos
chaos: ## Play SEEDS (200) days on which everything goes wrong; SEED=n plays one and tells its story
	go test -C internal/chaos -count=1 -timeout 3h -run '^TestChaos$$' -seeds $(SEEDS) $(if $(SEED),-seed $(SEED) -v)

.PHONY: chaos-mutants
chaos-mutants: ## Take each rule of the gate away, and see the chaos suite notice within SEEDS (200)
	go run ./internal/chaos/mutate -seeds $(SEEDS)

FUZZTIME ?= 60s

.PHONY: fuzz
fuzz: ## Fuzz each fuzz test for FUZZTIME (60s)
	@grep -rnoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | sed -E 's/^(.*)\/[^/]+:[0-9]+:func (.*)$$/\1 \2/' | \
	while read -r dir name; do \
		echo "go test -run '^$$' -fuzz '^$$name\$$' -fuzztime $(FUZZTIME) $$dir"; \
		go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 2s "$$dir"; \
	done

.PHONY: golden
golden: ## Rewrite the golden files; the review reads the difference
	go test $(call with,'flag\.Bool."update"') -update
	git diff --stat

# AWS is where the SDK's environment says, with credentials that may describe instance types.
.PHONY: instance-types
instance-types: ## Ask AWS for its instance types, and keep the answer
	go run ./internal/instancetypes > desired/instancetype/types.csv.new
	mv desired/instancetype/types.csv.new desired/instancetype/types.csv
	git diff --stat desired/instancetype

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin dist
