"""What `make status` prints, and the line that `make study` prints while it works."""

import time

from reversal.planning.status import Job, in_words

LAST = 3  # jobs that ended last


def line(found: list[Job], left: float | None, config: dict, now: float) -> str:
    """One line: jobs done, when the study will end, what runs."""
    done = sum(job.state == "done" for job in found)
    running = "; ".join(f"{job.rule} {_what(job, config)}".strip() for job in found if job.state == "running")
    parts = [f"{done} of {len(found)} jobs", *([end(left, now)] if left is not None and done < len(found) else [])]
    return f"{_clock(now)}  {', '.join(parts)}" + (f": {running}" if running else "")


def page(
    folder: str, run: dict, found: list[Job], holder: dict | None, left: float | None, report: str, now: float
) -> str:
    """The whole state of a study. holder: status.worker. left: seconds, where known. report: its path, or ""."""
    by_state = {
        state: [job for job in found if job.state == state] for state in ("running", "failed", "done", "waiting")
    }
    done, config = by_state["done"], run["config"]
    counts = f"{len(done)} of {len(found)} jobs done"
    lines = []
    if holder is None:
        lines += _nothing_runs(folder, run, counts, len(done) == len(found), report)
    else:
        who = f"process {holder['pid']} on {holder['host']}" if holder else "a process that is just starting"
        lines.append(f"{folder}: {who} works there since {_clock(run['began'])} ({run['command']})")
        more = f", {end(left, now)}" if left is not None else ""
        lines.append(f"{counts}, {len(by_state['running'])} running, {len(by_state['waiting'])} waiting{more}")
        lines += _table("Running", [(job.rule, _what(job, config), _for(job, now)) for job in by_state["running"]])
    failed = [
        (job.rule, in_words(job.name, job.rule, config), f"{folder}/logs/{job.rule}/{job.name}.log")
        for job in by_state["failed"]
    ]
    lines += _table("Ended without a result", failed)
    if holder is None:
        return "\n".join(lines)
    last = sorted(done, key=lambda job: job.ended)[-LAST:]
    ended = [(job.rule, in_words(job.name, job.rule, config), f"at {_clock(job.ended)}") for job in last]
    return "\n".join([*lines, *_table("Ended last", ended), *_stages(found)])


def end(left: float, now: float) -> str:
    """When it will end: the time, with the day if it is another one, and how long that is from now."""
    at, today = time.localtime(now + left), time.localtime(now)
    day = "" if at[:3] == today[:3] else time.strftime("%a %d %b ", at)
    return f"ends about {day}{time.strftime('%H:%M', at)} (in {span(left)})"


def span(seconds: float) -> str:
    """About how long: 40 s, 12 min, 3 h 20 min, 5 days."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes < 48 * 60 else f"{minutes / 1440:.1f} days"


def _nothing_runs(folder: str, run: dict, counts: str, all_done: bool, report: str) -> list[str]:
    began = time.strftime("%Y-%m-%d %H:%M", time.localtime(run["began"]))
    if all_done:
        where = f" Report: {report}" if report else ""
        return [f"{folder}: nothing runs; the last run ({began}) has finished.{where}"]
    return [
        f"{folder}: nothing runs; the run of {began} ended early, {counts}. Nothing of it is lost. To go on:",
        f"    {run['command']}",
    ]


def _what(job: Job, config: dict) -> str:
    about, at = in_words(job.name, job.rule, config), job.progress
    far = f"{100 * at.done // max(1, at.total)} %, {at.done:,} of {at.total:,}" if at else ""
    return ", ".join(filter(None, [about, far, at.rate if at else ""]))


def _for(job: Job, now: float) -> str:
    return f"for {span(max(0, now - job.started))}"


def _stages(found: list[Job]) -> list[str]:
    """Per stage how many of its jobs are done."""
    rules = list(dict.fromkeys(job.rule for job in found))
    of = {rule: [job.state for job in found if job.rule == rule] for rule in rules}
    rows = [(rule, f"{states.count('done')} of {len(states)}", "") for rule, states in of.items()]
    return _table("Stages", rows)


def _table(title: str, rows: list[tuple[str, str, str]]) -> list[str]:
    if not rows:
        return []
    first, second = (max(len(row[i]) for row in rows) for i in (0, 1))
    return ["", title, *(f"  {a:<{first}}  {b:<{second}}  {c}".rstrip() for a, b, c in rows)]


def _clock(seconds: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(seconds))
