# guestctl: `make help` lists what there is. Go is all that `demo`, `build` and `test` need: YARA is built in where libyara is.

GO       ?= go
FUZZTIME ?= 30s
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null)
LINT     := github.com/golangci/golangci-lint/v2/cmd/golangci-lint
LINT_VERSION := v2.15.0
GOBIN    := $(shell $(GO) env GOPATH 2>/dev/null)/bin

export PATH := $(PATH):/usr/local/go/bin:$(GOBIN)

.DEFAULT_GOAL := help
.PHONY: boot help demo build test race lint fuzz bench golden images damaged clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## build guestctl and judge a sample image with a baseline
	@testdata/demo.sh

build: ## build bin/guestctl: one program
	@testdata/yara.sh --release $(GO) build -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)' -o bin/guestctl ./cmd/guestctl

test: ## run the whole test suite
	@testdata/yara.sh $(GO) test $(TESTFLAGS) ./...

race: ## run the tests under the race detector
	@CGO_ENABLED=1 testdata/yara.sh $(GO) test -race $(TESTFLAGS) ./...

lint: ## check layout and style with golangci-lint, which it installs when missing
	@command -v golangci-lint >/dev/null || { \
		echo "installing golangci-lint $(LINT_VERSION)"; $(GO) install $(LINT)@$(LINT_VERSION); }
	@testdata/yara.sh $(GO) vet ./...
	@testdata/yara.sh golangci-lint run ./...

fuzz: ## run every fuzz target for FUZZTIME (30s) each
	@GO=$(GO) FUZZTIME=$(FUZZTIME) testdata/yara.sh testdata/fuzz.sh

bench: build images ## measure guestctl beside the tools a user would pick instead
	@testdata/bench.sh

golden: ## rewrite the expected output of tests and the committed images; review the difference
	testdata/build.sh
	UPDATE=1 testdata/yara.sh $(GO) test -count=1 ./cmd/... ./report/...

images: ## build a real Debian 12 disk and its variants in build/images for the end-to-end tests
	@testdata/build-debian.sh
	@testdata/build-variants.sh
	@testdata/build-drifted.sh
	@testdata/build-uefi.sh
	@testdata/build-filesystems.sh

boot: images ## boot the real disk in QEMU, as verify-backup --boot does: minutes under emulation
	@GUESTCTL_BOOT=required testdata/yara.sh $(GO) test -count=1 -timeout 60m -v -run TestTheRealDiskBoots ./backup/live

damaged: images ## damage that disk in every way that a real boot was recorded of, in build/damaged
	@testdata/build-damaged.sh

clean: ## remove bin and build
	rm -rf bin build
