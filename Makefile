# Every target is a short call of something that also works without make.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help ready deps up down clean status logs plan apply adopt access drift verify explain look component boards slo-report compare rehearse break-glass destroy new-platform
.PHONY: release promote rollback
.PHONY: area lint test test-unit test-integration test-scenarios test-area bench bench-areas bench-rest bench-slo bench-vault build catalog-check docs

# Ansible wants it, and the inventory has other signs than ASCII.
ifneq ($(shell locale charmap 2>/dev/null),UTF-8)
export LC_ALL := C.UTF-8
endif
# What somebody types reaches no shell and is no words of make: as it stands it goes into the environment, and by its name it becomes the value
# of a variable of Ansible, or the last item of a list that begins with the words of $3.
TYPED := $(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(name)))
$(foreach name,$(TYPED),$(eval override export $(name) := $$(value $(name))))
said = $(if $(value $1),-e "$$(python -c 'import json, os, sys; to, key, *of = sys.argv[1:]; q = lambda text: json.dumps(text, ensure_ascii=False); said = "!unsafe " + q(os.environ[key]); os.write(1, os.fsencode("{" + q(to) + ": " + ("[" + ", ".join([*map(q, of), said]) + "]" if of else said) + "}"))' $2 $1 $3)")
ENV ?= sandbox
FOUND = $(shell for name in python3.11 python3 python3.12 python3.13 python3.14; do if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$name; break; fi; done)
PATH := $(CURDIR)/.venv/bin:$(PATH)
export PATH
THERE = $(patsubst inventories/%.yml,%,$(wildcard inventories/*.yml))
environment = $(if $(and $(filter 1,$(words $(value $1))),$(filter $(THERE),$(value $1))),-i inventories/$(strip $(value $1)).yml,$(error There is no environment "$(value $1)"; there are $(THERE)))
needed = $(or $(value $1),$(error $1= is missing, as in make $@ $2))
# V=1 is Ansible's own output, DIFF=1 every field before and after, HTML=file the same as a page.
PLAY = $(if $(value HTML),GANTRY_PLAN_HTML="$$HTML") ansible-playbook $(if $(value V),-v) $(if $(value DIFF)$(value HTML),--diff)
PLAYBOOK = $(PLAY) $(call environment,ENV)
# TAKE=kubectl-edit,helm takes back what these changed or added; CONFLICTS=leave does the rest where others hold what is declared.
TAKEN = $(call said,TAKE,platform_take) $(call said,CONFLICTS,platform_conflicts)
LIMIT = $(if $(value HOST),--limit="$$HOST")
NARROW = $(LIMIT) $(call said,AREA,platform_area)

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

ready: ## What running needs: virtual environment and pinned packages
	@test -n "$${PYTHON:-$(FOUND)}" || { echo "Python 3.11 or newer is needed; name it with make PYTHON=…"; exit 1; }
	@"$${PYTHON:-$(FOUND)}" requirements/install.py

deps: ready ## What developing needs besides: tools, peers of the benchmarks and their collections
	@"$${PYTHON:-$(FOUND)}" requirements/install.py --requirements dev.txt

up: ready ## Start the sandbox, apply the sandbox environment to it, verify it (AREAS= adds areas, AREAS=core takes them away)
	@$(PLAYBOOK) playbooks/up.yml $(call said,AREAS,platform_areas)

down: ready ## Stop the sandbox, keep its data
	@$(PLAYBOOK) playbooks/down.yml

clean: ready ## Stop the sandbox and remove all it left
	@$(PLAYBOOK) playbooks/clean.yml
	@test ! -d .gantry || find .gantry -depth -maxdepth 1 -type d -empty -delete

status: ready ## What runs, and how the last run ended (ENV=)
	@$(PLAYBOOK) playbooks/status.yml $(NARROW)

logs: ## The end of a server's log (S=kube-apiserver)
	@tail -n 50 .gantry/sandbox/logs/$(if $(value S),"$$S",$(error S= is missing; there are $(basename $(notdir $(wildcard .gantry/sandbox/logs/*.log))))).log

plan: ready ## What a run would change, and nothing done (ENV= AREA= HOST= TAKE=; as everywhere V=1 for Ansible's own output, DIFF=1 for every field, HTML=plan.html for a page)
	@$(PLAYBOOK) playbooks/plan.yml $(NARROW) $(TAKEN)

apply: ready ## Apply; with PLAN=.gantry/plan.json exactly that plan or nothing (ENV= AREA= HOST= TAKE= CONFLICTS=leave)
	@$(PLAYBOOK) playbooks/$(if $(value PLAN),apply.yml $(call said,PLAN,platform_plan),site.yml) $(NARROW) $(TAKEN)

adopt: ready ## Take over what other tools wrote (FROM=helm:shop/web,kubectl RETIRE=1 IMPACT=restart ENV= CHECK=1 AREA= HOST=)
	@$(PLAYBOOK) playbooks/adopt.yml $(if $(value CHECK),--check) $(if $(call needed,FROM,FROM=helm:shop/web),$(call said,FROM,platform_adopt_from)) $(if $(value RETIRE),-e platform_retire_releases=true) $(call said,IMPACT,platform_allowed_impact,safe) $(NARROW)

access: ready ## What only an administrator may apply, and the deployer's rights (ENV= KUBECONFIG= IDENTITIES= CHECK=1 PLAN= HOST=)
	@$(PLAYBOOK) playbooks/access.yml $(if $(value CHECK),--check) $(if $(filter KUBECONFIG,$(TYPED)),$(call said,KUBECONFIG,platform_admin_kubeconfig)) $(call said,IDENTITIES,platform_identities) $(call said,PLAN,platform_plan) $(LIMIT)

drift: ready ## Compare every object with what is declared; fails on drift (ENV= AREA= HOST=)
	@$(PLAYBOOK) playbooks/drift.yml $(NARROW)

verify: ready ## Check what must be true (ENV= AREA= HOST=)
	@$(PLAYBOOK) playbooks/verify.yml $(NARROW)

explain: ready ## Where a value comes from (ENV= HOST= QUERY=services.memory-store.recovery)
	@$(PLAYBOOK) playbooks/explain.yml $(LIMIT) $(call said,QUERY,platform_explain_query)

look: ready ## Any cluster, without an inventory and read only: who writes what, components, policies (KUBECONFIG= CONTEXT= HTML=look.html)
	@ANSIBLE_LOCALHOST_WARNING=False ANSIBLE_INVENTORY_UNPARSED_WARNING=False ansible-playbook $(if $(value V),-v) -i localhost, playbooks/look.yml $(call said,KUBECONFIG,look_kubeconfig) $(call said,CONTEXT,look_context) $(call said,HTML,look_page)

component: ready ## What a component brings and needs, before it is enabled and without a cluster (NAME=velero ENV=)
	@$(PLAYBOOK) playbooks/component_info.yml $(if $(call needed,NAME,NAME=velero),$(call said,NAME,component_name))

boards: ready ## The dashboards as a page, drawn by what Prometheus answers, without a Grafana (ENV= URL= HOST= RANGE=6h)
	@$(PLAYBOOK) playbooks/monitoring_boards.yml $(call said,URL,monitoring_url) $(call said,RANGE,monitoring_boards_range) $(LIMIT)

slo-report: ready ## What objectives were kept and what is left of their error budgets, as a page and four other forms (ENV= URL= HOST=)
	@$(PLAYBOOK) playbooks/slo_report.yml $(call said,URL,slo_url) $(LIMIT)

compare: ready ## Differences of two environments (A=staging B=prod)
	@$(PLAY) $(if $(call needed,A,A=staging B=prod),$(call environment,A)) $(if $(call needed,B,A=staging B=prod),$(call environment,B)) playbooks/compare.yml $(call said,A,platform_compare_a) $(call said,B,platform_compare_b)

release: ready ## Write the digest of a service's new image into the environment's release.yml (ENV=staging SERVICE=memory-store DIGEST=sha256:…)
	@$(PLAYBOOK) playbooks/release.yml $(if $(call needed,SERVICE,SERVICE=memory-store),$(call said,SERVICE,platform_release_service)) $(if $(call needed,DIGEST,DIGEST=sha256:…),$(call said,DIGEST,platform_release_digest))

promote: ready ## Write into release.yml what another environment has verified (FROM=staging TO=prod SERVICE=)
	@$(PLAY) $(if $(call needed,FROM,FROM=staging TO=prod),$(call environment,FROM)) $(if $(call needed,TO,FROM=staging TO=prod),$(call environment,TO)) playbooks/promote.yml $(call said,FROM,platform_promote_from) $(call said,TO,platform_promote_to) $(call said,SERVICE,platform_promote_only)

rollback: ready ## Plan the release of a recorded run, then write it into release.yml (ENV=prod RUN=; without RUN= the recorded ones are listed)
	@$(PLAYBOOK) playbooks/rollback.yml $(call said,RUN,platform_rollback_run)

rehearse: ready ## Every cluster of an environment on a control plane of its own on this machine (ENV=prod AREAS=)
	@$(PLAYBOOK) playbooks/rehearse.yml $(NARROW) $(call said,AREAS,platform_areas)

break-glass: ready ## Prove that the emergency access gets into every cluster without the platform (ENV=prod)
	@$(PLAYBOOK) playbooks/break_glass.yml $(NARROW)

destroy: ready ## Remove everything that was applied to the sandbox (CONFIRM=sandbox)
	@$(PLAYBOOK) playbooks/destroy.yml $(call said,CONFIRM,platform_destroy_confirmation)

new-platform: ready ## A live repository of one's own (DEST=../ours PRODUCT=shop DOMAIN=shop.example ENVIRONMENTS=dev,prod CLOUD=eks; or EXAMPLE=1)
	@$(PLAY) playbooks/new_platform.yml $(if $(call needed,DEST,DEST=../our-platform),$(call said,DEST,new_platform_dest)) $(call said,PRODUCT,new_platform_product) $(call said,DOMAIN,new_platform_domain) $(call said,ENVIRONMENTS,new_platform_environments) $(call said,CLOUD,new_platform_cloud) $(if $(value EXAMPLE),-e new_platform_example=true)

area: deps ## The skeleton of an area, ready for lint and tests (NAME=monitoring)
	@python tests/tools/new_area.py $(if $(call needed,NAME,NAME=monitoring),"$$NAME") "$${ON:-cluster}"

lint: deps ## All static checks
	@python tests/tools/lint.py

test: deps $(if $(value AREA),test-area,test-unit test-integration test-scenarios) ## All tests, or those of one area (AREA=vault)

test-unit: deps ## Pure code
	@python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder tests/unit

test-integration: deps ## Modules and playbooks against real servers on this machine
	@python -m pytest -q -n 4 --dist loadfile --no-loadscope-reorder --durations=25 tests/integration

test-area: deps
	@python tests/tools/area_tests.py $(if $(call needed,AREA,AREA=vault),"$$AREA")

test-scenarios: deps ## Roles and playbooks under Molecule
	@python tests/tools/scenarios.py

bench: deps ## Compare with kubectl, Helm, kubernetes.core and Flux; writes docs/performance.md
	@python benchmarks/run.py --large

bench-vault: deps ## Compare vault_config with a loop of vault_write; writes docs/performance-vault.md
	@python benchmarks/vault.py

bench-rest: deps ## Compare the modules of APIs that are tables with loops of uri; writes docs/performance-rest.md
	@python benchmarks/rest.py

bench-slo: deps ## What rules and reports of objectives cost; writes docs/performance-slo.md
	@python benchmarks/slo.py

bench-areas: deps ## What a plan costs with thirty areas more; writes docs/performance-areas.md
	@python benchmarks/areas.py

build: deps ## The collection's archive
	@ansible-galaxy collection build --force --output-path .gantry/build

catalog-check: deps ## Which entries of the catalogue are older than fetched indexes or chart folders (INDEX=folder)
	@python tests/tools/catalog_check.py $(if $(call needed,INDEX,INDEX=../charts),"$$INDEX")

docs: deps ## Pages that are made from the code
	@python tests/tools/inventory_reference.py
	@python tests/tools/role_echoes.py --write
	@python tests/tools/role_pages.py --write
	@python tests/tools/coverage.py --write
