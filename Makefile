# Everything a person runs: `make study` and `make test` set up what they need on a fresh machine.
STUDY ?= config.yaml
CORES ?= all
SNAKEMAKE = .venv/bin/snakemake --cores $(CORES) --configfile $(STUDY) $(if $(CHANGE),--config $(CHANGE))
comma := ,
empty :=

.PHONY: help study judge test robustness bench lint clean

help:
	@echo "make study                           the embedded study (results/default)"
	@echo "make study STUDY=studies/smoke.yaml  another study"
	@echo 'make judge ANSWERS="a.jsonl b.jsonl" from these answers of one model to those of a later one: progress or regress?'
	@echo "make test                            linters, unit tests, end-to-end studies"
	@echo "make robustness                      the embedded study over ten base models: hours, resumable"
	@echo "make bench                           verifiers and intervals against known truth, and how fast things are"

study: .venv/installed
	@.venv/bin/python scripts/study_folder.py $(STUDY) >/dev/null
	@echo "Running $(STUDY). Long jobs show their progress in their logs, results/*/logs/{rule}/."
	$(SNAKEMAKE) --quiet host reason
	@report=$$(.venv/bin/python scripts/study_folder.py $(STUDY))/report.html; \
	$(SNAKEMAKE) --quiet all --report "$$report" && echo "Report: $$report"

# Each of ANSWERS is a model: a file, or a pattern of files. LABELS: the field that holds verdicts. ANSWER_TYPE: judge anew.
judge:
	@test -n "$(ANSWERS)" || { echo 'Say which answers: make judge ANSWERS="step100.jsonl step200.jsonl" (docs/judging.md)'; exit 2; }
	@$(MAKE) --no-print-directory study STUDY=studies/judge.yaml CHANGE='\
	"series={answers: [$(subst $(empty) $(empty),$(comma) ,$(strip $(ANSWERS)))]}"\
	$(if $(LABELS),"labels=$(LABELS)") $(if $(ANSWER_TYPE),"questions={answer_type: $(ANSWER_TYPE)}")'

test: .venv/installed lint
	.venv/bin/python -m pytest

robustness: .venv/installed
	$(MAKE) study STUDY=studies/bases.yaml
	.venv/bin/python benchmarks/robustness.py docs/robustness.md

bench: .venv/installed
	.venv/bin/python benchmarks/agreement.py docs/verifiers.md
	.venv/bin/python benchmarks/math_judge.py
	.venv/bin/python benchmarks/mbpp_programs.py
	.venv/bin/python benchmarks/scoring_speed.py
	.venv/bin/python benchmarks/interval_coverage.py
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

.venv/installed: envs/cpu.lock envs/install.sh
	PYTHON="$(PYTHON)" sh envs/install.sh
