# The commands people type. `make` alone lists them; devstack/ does the work.

DEVSTACK := devstack/run

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: up
up: ## Build and start the whole system on this machine, or refresh it
	@$(DEVSTACK) up

.PHONY: dev
dev: ## The same with the dashboard's hot reload, until Ctrl-C
	@$(DEVSTACK) dev

.PHONY: down
down: ## Stop it; the data stays
	@$(DEVSTACK) down

.PHONY: reset
reset: ## Stop it and delete its data
	@$(DEVSTACK) reset

.PHONY: status
status: ## Ask every part; succeeds only if all answer
	@$(DEVSTACK) status

.PHONY: logs
logs: ## Follow the logs of servers and functions
	@$(DEVSTACK) logs

.PHONY: token
token: ## Print an ID token: make -s token USER=email
	@$(DEVSTACK) token "$(USER)"

.PHONY: aggregate
aggregate: ## Roll days up again: DATE=YYYY-MM-DD, or FROM=... TO=...
	@$(DEVSTACK) aggregate $(if $(DATE),--date "$(DATE)") $(if $(FROM),--from "$(FROM)") $(if $(TO),--to "$(TO)")

.PHONY: erase
erase: ## Forget a person (docs/LGPD.md): make erase USER=email
	@$(DEVSTACK) erase "$(USER)"

.PHONY: psql
psql: ## Open the local database as superuser
	@$(DEVSTACK) psql

.PHONY: test
test: ## Everything that must hold, from nothing, on a private stack
	@$(DEVSTACK) test

.PHONY: test-long
test-long: ## Attack, flood, fuzz and break it for longer, and show what was counted
	@LONG=1 $(DEVSTACK) test rust blackbox

.PHONY: deploy
deploy: ## Deploy the working copy to AWS: make deploy ENV=staging
	@$(DEVSTACK) deploy "$(ENV)"

.PHONY: rollback
rollback: ## Send all callers to the version before: make rollback ENV=staging
	@$(DEVSTACK) rollback "$(ENV)"

.PHONY: rehearse
rehearse: ## Release the working copy under load, and roll back [BEFORE=commit]
	@$(DEVSTACK) rehearse $(if $(BEFORE),--before "$(BEFORE)")

.PHONY: bench
bench: ## Measure it: make bench [SCALE=S] [QUICK=1] [ONLY=name]
	@$(DEVSTACK) bench --scale $(or $(SCALE),L) $(if $(QUICK),--quick) $(if $(ONLY),-- --only "$(ONLY)")

.PHONY: bench-cold
bench-cold: ## Measure cold starts beside the same on Node.js [QUICK=1]
	@$(DEVSTACK) bench-cold $(if $(QUICK),--quick)

.PHONY: bench-warm
bench-warm: ## Measure invocations, memory and cost likewise [QUICK=1] [WARM_UP=N]
	@$(DEVSTACK) bench-warm $(if $(QUICK),--quick) $(if $(WARM_UP),--warm-up $(WARM_UP))

.PHONY: bench-web
bench-web: ## Measure the dashboard: Lighthouse, and scripts per page
	@$(DEVSTACK) bench-web

.PHONY: scaling
scaling: ## Compute what breaks first with more tenants [WRITE=1]
	@$(DEVSTACK) scaling $(if $(WRITE),--write)

.PHONY: guide
guide: ## Take the screenshots of docs/guia again
	@$(DEVSTACK) guide

.PHONY: lint
lint: ## The checks that need no stack
	@$(DEVSTACK) test format template policies migrations openapi frontend deny clippy

.PHONY: test-rust
test-rust: ## Unit, property and database tests, and the stored query descriptions
	@$(DEVSTACK) test queries rust

.PHONY: test-blackbox
test-blackbox: ## The tests through the API Gateway
	@$(DEVSTACK) test blackbox

.PHONY: test-frontend
test-frontend: ## The dashboard's lint, generated client, types and units
	@$(DEVSTACK) test frontend

.PHONY: test-e2e
test-e2e: ## The dashboard in a browser, on the whole system
	@$(DEVSTACK) test e2e

.PHONY: fmt
fmt: ## Format the code
	@$(DEVSTACK) fmt

.PHONY: sbom
sbom: ## Write the bills of materials of what is deployed to target/sbom/
	@$(DEVSTACK) sbom

.PHONY: sqlx-prepare
sqlx-prepare: ## Rewrite .sqlx from the running stack's database
	@$(DEVSTACK) sqlx-prepare

.PHONY: openapi
openapi: ## Rewrite openapi/openapi.json and the dashboard's client
	@$(DEVSTACK) openapi
