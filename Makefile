# make run starts throng, make test checks everything, make help lists all targets.

BIN      := bin/throng
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null)
LDFLAGS  := -X main.released=$(VERSION)

# Of make run; of make fuzz, for each target; of make soak, the idle part; of make mutate, the number of generated faults
# for each package and the choice among them.
RUNFLAGS := --dev
FUZZTIME := 10m
SOAKTIME := 30m
MUTANTS  := 100
SEED     := 1

.DEFAULT_GOAL := build
.PHONY: build run test quick lint generate fuzz mutate soak million bench clean help

build: ## build bin/throng
	@go build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/throng

run: build ## build, and start a server for your own machine (RUNFLAGS=--dev)
	@exec $(BIN) serve $(RUNFLAGS)

test: ## everything that CI runs, about 20 minutes; as root on Debian it installs what it needs
	@test/run

quick: ## vet and the unit tests, without the tests that start processes
	go vet ./... && go test -short $$(go list ./... | grep -v /test/)

lint: ## staticcheck, and govulncheck where its database can be reached
	@test/lint

soak: ## long tests against real processes: slow readers, faults, reconnects, SOAKTIME (30m) of idle connections
	SOAKTIME=$(SOAKTIME) go test -count=1 -timeout 24h -v ./test/process

million: ## a million idle connections in a virtual machine (docs/million.md)
	@test/million/run

generate: ## write the generated code again; needs npm for the browser client
	go generate ./...

# One fuzz target in a line: package, function.
define FUZZ_TARGETS
./frame FuzzFrames
./frame FuzzInflate
./netpoll/upgrade FuzzUpgrade
./netpoll/upgrade FuzzResponse
./netpoll/upgrade FuzzProxyHeader
./internal/protocol/jsonwire FuzzEnvelope
./internal/protocol/pbwire FuzzCommands
./internal/load/report FuzzParse
endef
export FUZZ_TARGETS

fuzz: ## run each fuzz target for FUZZTIME (10m)
	@set -e; echo "$$FUZZ_TARGETS" | while read -r package target; do \
		echo "$$package $$target"; \
		go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x "$$package"; \
	done

mutate: ## which faults the tests miss: the listed ones and MUTANTS (100) generated for each package (docs/testing.md)
	@nice -n 19 go run ./test/mutate -n $(MUTANTS) -seed $(SEED)

bench: ## measure throng beside the floor and other servers (benchmarks/README.md)
	$(MAKE) -C benchmarks

clean: ## remove bin/
	rm -rf bin

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12
