# Everything a person runs: `make study` and `make test` set up what they need on a fresh machine.
STUDY ?= config.yaml
CORES ?= all
KILLS ?= 200
LOCK = envs/$(if $(GPUS),gpu,cpu).lock
# Snakemake's own lines number its jobs; the study's (rules/running.smk) name them and say when it will end.
QUIET = --quiet progress rules host reason
# What a person typed; a make within make inherits it.
study adopt judge robustness: export STUDY_COMMAND ?= $(strip make $(MAKECMDGOALS) $(MAKEOVERRIDES))
SNAKEMAKE = .venv/bin/snakemake --cores $(CORES) $(if $(GPUS),--resources gpu=$(GPUS)) --configfile $(STUDY) $(if $(CHANGE),--config $(CHANGE))
comma := ,
empty :=

.PHONY: help study status watch adopt judge test faults robustness bench lint clean

help:
	@echo "make study                           the embedded study (results/default)"
	@echo "make study STUDY=studies/smoke.yaml  another study"
	@echo "make adopt STUDY=studies/smoke.yaml  results that were copied here without .snakemake: nothing of them is made again"
	@echo "make study STUDY=... GPUS=4          the same on a node with four NVIDIA GPUs (docs/gpus.md)"
	@echo "make status                          what runs, how far it is, when it will end; make watch: the same, again and again"
	@echo 'make judge ANSWERS="a.jsonl b.jsonl" from these answers of one model to those of a later one: progress or regress?'
	@echo "make test                            linters, unit tests, end-to-end studies"
	@echo "make faults                          kills, bad disks, hostile programs, wrong studies, odd answers: long (KILLS=20: less)"
	@echo "make robustness                      the embedded study over ten base models: hours, resumable"
	@echo "make bench                           verifiers and intervals against known truth, and how fast things are"

study: .venv/installed
	@test -z "$(GPUS)" || grep -qs gpu .venv/installed || \
		{ echo "The .venv here has builds for the CPU; GPUS needs one of its own: make clean (or remove .venv), and again"; exit 2; }
	@! grep -qsE "package: |reasoning_gym" $(STUDY) || $(MAKE) --no-print-directory .venv/extras
	@.venv/bin/python scripts/study_folder.py $(STUDY) >/dev/null
	@echo "Running $(STUDY); make status STUDY=$(STUDY) says more, in another terminal too."
	@results=$$(.venv/bin/python scripts/study_folder.py $(STUDY)); trap : INT; \
	$(SNAKEMAKE) $(QUIET) --report "$$results/provenance.html" --report-after-run \
	    && echo "Report: $$results/report.html" || { .venv/bin/python scripts/status.py $(STUDY); exit 1; }

status: .venv/installed
	@.venv/bin/python scripts/status.py $(STUDY)

watch: .venv/installed
	@.venv/bin/python scripts/status.py $(STUDY) --every 5

# A finished study's files are taken as they are, if this code and configuration would make the same ones (docs/running.md).
adopt: .venv/installed
	$(SNAKEMAKE) --touch --forceall --quiet

# Each of ANSWERS is a model: a file, or a pattern of files. LABELS: the field that holds verdicts. ANSWER_TYPE: judge anew,
# by what stands after ANSWER_MARK.
judge:
	@test -n "$(ANSWERS)" || { echo 'Say which answers: make judge ANSWERS="step100.jsonl step200.jsonl" (docs/judging.md)'; exit 2; }
	@$(MAKE) --no-print-directory study STUDY=studies/judge.yaml CHANGE='\
	"series={answers: [$(subst $(empty) $(empty),$(comma) ,$(strip $(ANSWERS)))]}"\
	$(if $(LABELS),"labels=$(LABELS)") $(if $(ANSWER_TYPE),"questions={answer_type: $(ANSWER_TYPE)$(if $(ANSWER_MARK),$(comma) answer_mark: \"$(ANSWER_MARK)\")}")'

test: .venv/installed lint
	.venv/bin/python -m pytest

faults: .venv/installed
	FAULTS_KILLS=$(KILLS) FAULTS_STUDIES=500 FAULTS_ANSWERS=5000 .venv/bin/python -m pytest --numprocesses=0 --timeout=0 -s \
	    tests/faults tests/unit/verifying/test_sandbox.py tests/unit/test_trying.py tests/workflow/test_killed.py

robustness: .venv/installed
	$(MAKE) study STUDY=studies/bases.yaml
	.venv/bin/python benchmarks/robustness.py docs/robustness.md

bench: .venv/installed
	.venv/bin/python benchmarks/agreement.py docs/verifiers.md
	.venv/bin/python benchmarks/math_judge.py
	.venv/bin/python benchmarks/mbpp_programs.py
	.venv/bin/python benchmarks/scoring_speed.py
	.venv/bin/python benchmarks/interval_coverage.py
	.venv/bin/python benchmarks/extrapolation_coverage.py
	.venv/bin/python benchmarks/known_truth.py
	.venv/bin/python benchmarks/model_speed.py
	.venv/bin/python benchmarks/busy_machine.py

lint: .venv/installed
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/snakefmt --check Snakefile rules
	.venv/bin/snakemake --lint

clean:
	rm -rf .venv results .snakemake

.venv/installed: $(LOCK) envs/install.sh
	PYTHON="$(PYTHON)" sh envs/install.sh $(LOCK)

# What few studies need and nobody else should have to download.
.venv/extras: envs/extras.lock .venv/installed
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r envs/extras.lock
	touch .venv/extras
