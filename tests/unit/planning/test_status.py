"""How far a study is, from files as a run leaves them."""

import fcntl
import json
import os
import time
from pathlib import Path

import pytest
import status as script
import yaml
from reversal.planning import ending, status, status_page
from reversal.planning.status import Job, Progress

CONFIG = yaml.safe_load((Path(__file__).parents[3] / "config.yaml").read_text())
MODEL = "mini-llama-base0-mini-gsm-seed0"
NOON = time.mktime((2026, 11, 26, 12, 0, 0, 0, 0, -1))
TABLE = yaml.safe_load((Path(__file__).parents[3] / "rules/throughputs.yaml").read_text())
RUN = {"began": NOON, "command": "make study", "cores": 1, "gpus": 0, "config": CONFIG}


@pytest.mark.parametrize(
    ("log", "found"),
    [
        ("started 2026\n 37%|###7      | 215/582 [00:10<00:17, 30.28it/s]", Progress(215, 582, "30.3 steps/s")),
        ("\r 10%|# | 4/40 [00:08<01:12,  2.00s/it]", Progress(4, 40, "0.5 steps/s")),
        ("\r  0%|          | 0/40 [00:00<?, ?it/s]", Progress(0, 40, "")),
        (
            "Rendering prompts: 100%|##| 240/240 [00:00<00:00, 3530.50it/s]\n"
            "Processed prompts:  38%|# | 91/240 [00:02<00:03, 351.92it/s, est. speed input: 5219.67 toks/s, "
            "output: 4468.34 toks/s]",
            Progress(91, 240, "4,468 tokens/s"),
        ),
        ("Batches:  50%|# | 3/6 [00:03<00:03,  1.00it/s]", Progress(3, 6, "1/s")),
        (
            "100%|##| 4/4 [00:01<00:00,  2.33it/s]\nWriting model shards: 100%|#| 1/1 [00:00<00:00, 169.89it/s]",
            Progress(4, 4, "2.33 steps/s"),
        ),
        ("started 2026-11-26 12:00:00\nLoss: 50% of it\n", None),
    ],
)
def test_the_last_bar_of_a_log(log, found):
    assert status.progress(log) == found


@pytest.mark.parametrize(
    ("rule", "name", "words"),
    [
        ("train", f"{MODEL}-sft-dpo", "M2 (sft-dpo), mini-llama on mini-gsm"),
        ("sample", f"{MODEL}-base-train-0-of-2", "M0, mini-llama on mini-gsm, train 1/2"),
        ("sample", f"{MODEL}-sft-evaluation-0-of-1", "M1 (sft), mini-llama on mini-gsm, evaluation"),
        ("verify", f"{MODEL}-sft-dpo-mini-math", "M2 (sft-dpo), mini-llama on mini-gsm, mini-math"),
        ("score", "mini-llama-base2-mini-gsm-seed1-sft", "M1 (sft), mini-llama on mini-gsm, base 2, seed 1"),
        ("pretrain_base", "mini-llama-base0", "mini-llama, base 0"),
        ("prepare_problems", "mini-gsm-test", "mini-gsm-test"),
        ("plot", "plot", ""),
    ],
)
def test_which_model_a_job_is_about(rule, name, words):
    assert status.in_words(name, rule, CONFIG) == words


def write(path: Path, text: str, at: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (at, at))


@pytest.fixture
def folder(tmp_path) -> Path:
    """A run since noon, at two minutes past: jobs that are done, running, ending, failed, and not begun."""
    run = RUN | {"jobs": [f"train/{name}" for name in ("done", "running", "ending", "failed", "new")] + ["plot"]}
    (tmp_path / "run.json").write_text(json.dumps(run))
    for name, log, note, benchmark in (
        ("done", 10, 30, 31),
        ("running", 110, None, None),
        ("ending", 60, 119, None),
        ("failed", 40, 50, None),
        ("new", -300, -200, -199),  # of the run before
    ):
        began = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(NOON + log))
        bar = "\n 50%|# | 5/10 [00:10<00:10,  2.00s/it]"
        write(tmp_path / f"logs/train/{name}.log", f"started {began}{bar}", NOON + log + 1)
        if note:
            write(tmp_path / f"logs/train/{name}.json", "{}", NOON + note)
        if benchmark:
            write(tmp_path / f"benchmarks/train/{name}.tsv", "s\th:m:s\n20.5\t0:00:20\n", NOON + benchmark)
    return tmp_path


def test_the_states_of_jobs_by_their_files(folder):
    half = Progress(5, 10, "0.5 steps/s")
    found = status.jobs_of(str(folder), status.read(str(folder)), NOON + 120)
    assert found == [
        Job("train", "done", "done", ended=NOON + 31),
        Job("train", "running", "running", NOON + 110, 0.0, half),
        Job("train", "ending", "running", NOON + 60, NOON + 119),
        Job("train", "failed", "failed", NOON + 40, NOON + 50),
        Job("train", "new", "waiting"),
        Job("plot", "plot", "waiting"),
    ]
    assert ending.finished(str(folder), found) == {("train", "done"): 20.5}


def test_who_works_there_is_known_from_the_lock_and_the_lock_is_not_kept(tmp_path):
    assert status.worker(str(tmp_path)) is None
    with (tmp_path / "running.json").open("w+") as file:
        file.write('{"pid": 7, "host": "node1"}')
        file.flush()
        assert status.worker(str(tmp_path)) is None  # written by a Snakemake that has ended
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert status.worker(str(tmp_path)) == {"pid": 7, "host": "node1"}


def chain(*states: str) -> list[Job]:
    """Jobs that wait for each other: M0's training, then M1's rows and training, with their states."""
    names = [("pretrain_base", "mini-llama-base0"), ("build_training_set", f"{MODEL}-sft"), ("train", f"{MODEL}-sft")]
    return [Job(rule, name, state, NOON, NOON + 50) for (rule, name), state in zip(names, states, strict=True)]


def test_the_end_comes_from_the_graph_and_the_times_of_finished_jobs():
    other = {("train", f"{MODEL}-sft"): 30.0, ("build_training_set", f"{MODEL}-sft"): 4.0}
    waiting = chain("done", "waiting", "waiting")
    assert ending.seconds_left(waiting, other, RUN, TABLE, NOON + 50) == 34.0
    running = [*chain("done", "done", "running")[:2], waiting[2]._replace(state="running", started=NOON + 50)]
    assert ending.seconds_left(running, other, RUN, TABLE, NOON + 60) == 20.0
    running[2] = running[2]._replace(progress=Progress(1, 4, ""))
    assert ending.seconds_left(running, other, RUN, TABLE, NOON + 60) == 30.0
    assert ending.seconds_left(chain("done", "done", "done"), other, RUN, TABLE, NOON + 60) == 0.0


def test_a_run_that_was_slower_than_its_jobs_alone_stays_so():
    names = [f"{MODEL}-sft-{name}" for name in ("test", "mini-math", "train")]
    names += [f"{MODEL}-base-{name}" for name in ("test", "mini-math")]
    found = [Job("verify", name, "done", ended=NOON + 100) for name in names]
    taken = {("verify", name): 10.0 for name in names}  # 50 s of work took 100 s
    left = [Job("verify", f"{MODEL}-sft-dpo-test", "waiting")]
    assert ending.seconds_left([*found, *left], taken, RUN, TABLE, NOON + 100) == pytest.approx(20.0)


def test_given_models_have_no_known_end():
    config = CONFIG | {"methods": {"theirs": {"given": ["a.jsonl", "b.jsonl"]}}}
    assert ending.seconds_left([], {}, RUN | {"config": config}, TABLE, NOON) is None


def test_the_page_of_a_running_study():
    found = [
        Job("pretrain_base", "mini-llama-base0", "done", ended=NOON + 61),
        Job("train", f"{MODEL}-sft", "running", NOON + 90, 0.0, Progress(12, 34, "2.6 steps/s")),
        Job("train", f"{MODEL}-sft-dpo", "waiting"),
    ]
    holder = {"pid": 4711, "host": "node1"}
    assert status_page.page("results/s", RUN, found, holder, 720.0, "", NOON + 120) == (
        "results/s: process 4711 on node1 works there since 12:00:00 (make study)\n"
        "1 of 3 jobs done, 1 running, 1 waiting, ends about 12:14 (in 12 min)\n"
        "\n"
        "Running\n"
        "  train  M1 (sft), mini-llama on mini-gsm, 35 %, 12 of 34, 2.6 steps/s  for 30 s\n"
        "\n"
        "Ended last\n"
        "  pretrain_base  mini-llama, base 0  at 12:01:01\n"
        "\n"
        "Stages\n"
        "  pretrain_base  1 of 1\n"
        "  train          0 of 2"
    )
    assert status_page.line(found, 720.0, CONFIG, NOON + 120) == (
        "12:02:00  1 of 3 jobs, ends about 12:14 (in 12 min): train M1 (sft), mini-llama on mini-gsm, 35 %, 12 of 34, "
        "2.6 steps/s"
    )


def test_the_page_of_a_run_that_ended_early_says_the_command_and_what_failed():
    found = [Job("train", f"{MODEL}-sft", "failed", NOON, NOON + 9), Job("plot", "plot", "waiting")]
    assert status_page.page("results/s", RUN, found, None, None, "", NOON + 120) == (
        "results/s: nothing runs; the run of 2026-11-26 12:00 ended early, 0 of 2 jobs done. Nothing of it is lost. "
        "To go on:\n"
        "    make study\n"
        "\n"
        "Ended without a result\n"
        f"  train  M1 (sft), mini-llama on mini-gsm  results/s/logs/train/{MODEL}-sft.log"
    )


def test_a_study_that_never_ran_is_told_how_to_start(tmp_path):
    said = "no run of it yet. To start one:\n    make study STUDY=studies/a.yaml"
    assert script.text(f"{tmp_path}/none", "make study STUDY=studies/a.yaml") == f"{tmp_path}/none: {said}"


def test_the_page_of_a_finished_run():
    found = [Job("plot", "plot", "done", ended=NOON + 9)]
    said = "results/s: nothing runs; the last run (2026-11-26 12:00) has finished."
    assert status_page.page("results/s", RUN, found, None, None, "", NOON + 120) == said
    report = "results/s/report.html"
    assert status_page.page("results/s", RUN, found, None, None, report, NOON + 120) == f"{said} Report: {report}"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(40, "40 s"), (720, "12 min"), (12000, "3 h 20 min"), (5 * 86400, "5.0 days")],
)
def test_a_span_of_time(seconds, words):
    assert status_page.span(seconds) == words


def test_an_end_on_another_day_says_which():
    assert status_page.end(86400, NOON) == "ends about Fri 27 Nov 12:00 (in 24 h 0 min)"
