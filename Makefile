# throng: make run starts it, make test checks everything, make help lists the rest.

BIN      := bin/throng
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null)
LDFLAGS  := -X main.released=$(VERSION)
FUZZTIME := 10m
SOAKTIME := 30m
MUTANTS  := 100
SEED     := 1
RUNFLAGS := --dev

# Pinned here and run with `go run tool@version`, so that go.mod stays clean.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

.DEFAULT_GOAL := build
.PHONY: build run test quick lint generate fuzz mutate soak million bench clean help

build: ## build bin/throng
	@go build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/throng

run: build ## build and start the server for trying it out
	@exec $(BIN) serve $(RUNFLAGS)

test: ## everything CI runs; as root on Debian it installs what it needs
	@test/run

quick: ## the unit tests alone, without the tests that start processes
	go vet ./... && go test -short $$(go list ./... | grep -v /test/)

soak: ## the long tests against real processes: slow readers, faults, a storm of reconnects, SOAKTIME (30m) of idleness
	SOAKTIME=$(SOAKTIME) go test -count=1 -timeout 24h -v ./test/process

million: ## a million idle connections in a virtual machine, see docs/million.md
	@test/million/run

lint: ## staticcheck
	go run $(STATICCHECK) ./...

generate: ## write the generated code again (needs npm for the browser client)
	go generate ./...

# One target a line: package, fuzz function.
define FUZZ_TARGETS
./frame FuzzFrames
./frame FuzzInflate
./netpoll FuzzUpgrade
./netpoll FuzzDial
./netpoll FuzzProxyHeader
./internal/protocol/jsonwire FuzzEnvelope
./internal/load/report FuzzParse
endef
export FUZZ_TARGETS

fuzz: ## fuzz each target for FUZZTIME (10m)
	@set -e; echo "$$FUZZ_TARGETS" | while read -r package target; do \
		echo "$$package $$target"; \
		go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x "$$package"; \
	done

mutate: ## what the tests would not notice: the listed faults and MUTANTS (100) generated ones a package, see docs/testing.md
	@nice -n 19 go run ./test/mutate -n $(MUTANTS) -seed $(SEED)

bench: ## measure beside the floor, see benchmarks/README.md
	$(MAKE) -C benchmarks

clean: ## remove what was built
	rm -rf bin

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12
