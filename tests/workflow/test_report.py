"""The report as a person opens it: one file, in a real browser, without a network, on a desk and on a telephone."""

import json
import os
import re
import shutil
import subprocess

import pytest
from running import snakemake

REPORT = "results/smoke/report.html"
# Chromium's own windows are never as narrow as a telephone; a frame is. It says what became of the page in it.
FRAME = """<iframe src="file://{report}" style="width:{width}px;height:2000px"></iframe><pre id="found"></pre><script>
setTimeout(() => {{
  const page = document.querySelector("iframe").contentDocument, all = [...page.querySelectorAll("body *")];
  const letters = all.filter((one) => one.textContent.trim() && one.tagName !== "SCRIPT" && one.tagName !== "STYLE");
  document.getElementById("found").textContent = JSON.stringify({{
    overflow: page.documentElement.scrollWidth - {width},
    first: page.querySelector("h1").textContent,
    said: [...page.querySelectorAll(".said")].map((one) => one.textContent),
    figures: [...page.querySelectorAll("figure img")].map((one) => one.naturalWidth > 0),
    answers: page.querySelectorAll("#answers-shown .answer").length,
    narrowest: Math.min(...[...page.querySelectorAll("#answers-shown .answer")].map((one) => one.clientWidth)),
    chosen: page.getElementById("answers-kind").options.length,
    drawn: page.querySelector("#chart svg").getBoundingClientRect().width,
    metrics: [...page.getElementById("chart-metric").options].map((one) => one.text),
    small: letters.filter((one) => parseFloat(getComputedStyle(one).fontSize) < 11 && !one.closest("#chart")).length,
    sections: [...page.querySelectorAll("nav a")].map((one) => one.textContent),
  }});
}}, 6000);
</script>"""


def browser() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found and os.environ.get("CI"):
        pytest.fail("no Chromium, although .ci/run installs it")
    return found or pytest.skip("no Chromium on this machine: the report was not opened in a browser")


def opened(page, folder) -> str:
    """The page's elements after its scripts have run."""
    command = [browser(), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]
    command += ["--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND"]
    command += ["--allow-file-access-from-files", "--virtual-time-budget=12000", f"--user-data-dir={folder}/browser"]
    run = subprocess.run([*command, "--dump-dom", f"file://{page}"], capture_output=True, text=True, timeout=180)
    return run.stdout


@pytest.mark.parametrize("width", [1400, 390])
def test_the_report_opens_offline_and_fits_the_screen(finished, tmp_path, width):
    (tmp_path / "frame.html").write_text(FRAME.format(report=finished / REPORT, width=width))
    dom = opened(tmp_path / "frame.html", tmp_path)
    found = json.loads(re.search(r'<pre id="found">(.*?)</pre>', dom)[1].replace("&amp;", "&"))
    assert found["first"] == "Progress or regress?" and len(found["said"]) == 3
    assert found["sections"] == ["Verdict", "Figures", "Numbers", "Tables", "Answers", "Metrics", "Provenance"]
    assert found["overflow"] <= 0  # nothing but boxes of their own scrolls sideways
    assert all(found["figures"]) and len(found["figures"]) == 9  # ten, less that of the coverage of several models
    assert found["answers"] == 3 * (1 + 4) and found["chosen"] > 1
    assert found["narrowest"] >= 200 and found["small"] == 0
    assert found["drawn"] > 0.8 * (width - 48 if width < 1216 else 1168)
    assert "accuracy (greedy answer)" in found["metrics"] and not [name for name in found["metrics"] if "_" in name]


def test_the_report_says_what_the_terminal_says_and_is_small(finished):
    html = (finished / REPORT).read_text()
    said = re.findall(r'<span class="said">(.)(.*?)</span>', html)
    printed = " ".join((finished / "printed.txt").read_text().split())
    assert len(said) == 3
    for first, rest in said:
        assert f": {first.lower()}{rest}" in printed
    assert (finished / REPORT).stat().st_size < 5e6
    assert not re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=.?(?!data:)[a-z/.]", html)


def test_snakemakes_own_report_is_the_page_of_provenance(finished, tmp_path):
    run = snakemake(finished, "--report", "results/smoke/provenance.html")
    assert run.returncode == 0, run.stdout + run.stderr
    assert 'href="provenance.html"' in (finished / REPORT).read_text()
    page = opened(finished / "results/smoke/provenance.html", tmp_path)
    for entry in ("Figures", "Tables", "Provenance"):
        assert entry in page.partition("<body")[2], f"{entry} is missing from the opened report"
