"""The report as a person opens it: one file, in a real browser, without a network."""

import os
import shutil
import subprocess

import pytest
from running import snakemake


@pytest.fixture(scope="module")
def report(finished):
    run = snakemake(finished, "--report", "report.html")
    assert run.returncode == 0, run.stdout + run.stderr
    return finished / "report.html"


def browser() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found and os.environ.get("CI"):
        pytest.fail("no Chromium, although .ci/run installs it")
    return found or pytest.skip("no Chromium on this machine: the report was not opened in a browser")


def test_the_report_opens_offline_and_lists_its_pages(report, tmp_path):
    command = [browser(), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]
    command += [
        "--disable-background-networking",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        "--virtual-time-budget=8000",
    ]
    command += [f"--user-data-dir={tmp_path}", "--dump-dom", f"file://{report}"]
    page = subprocess.run(command, capture_output=True, text=True, timeout=120).stdout
    for entry in ("Headline", "Figures", "Tables", "Answers"):
        assert entry in page.partition("<body")[2], f"{entry} is missing from the opened report"
