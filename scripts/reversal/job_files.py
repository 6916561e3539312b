"""Which of the log and benchmark files in a study's folder are of the jobs that made what is there now."""

import re
from pathlib import Path

from reversal.given import with_given
from reversal.planning.dag import names_of

SHARD = re.compile(r"(.+)-\d+-of-(\d+)")


def of_study(folder: str, ending: str, config: dict) -> dict[str, list[Path]]:
    """{rule: its files, by name} below `folder`; files of methods and shards that the study had before are left out.

    ending: of the files. config: as the study writes it. Of shards, those that were made last count, whatever their
    number is now: changing it resamples nothing.
    """
    names = {_unsharded(name) for name in names_of(with_given(config))}
    found: dict[str, list[Path]] = {}
    for path in sorted(Path(folder).rglob(f"*{ending}")):
        if _unsharded(path.stem) in names:
            found.setdefault(path.relative_to(folder).parts[0].removesuffix(ending), []).append(path)
    return {rule: _newest_shards(paths) for rule, paths in found.items()}


def _unsharded(name: str) -> str:
    shard = SHARD.fullmatch(name)
    return shard[1] if shard else name


def _newest_shards(paths: list[Path]) -> list[Path]:
    newest: dict[str, tuple[float, str]] = {}
    shards = [(path, shard) for path in paths if (shard := SHARD.fullmatch(path.stem))]
    for path, shard in shards:
        newest[shard[1]] = max(newest.get(shard[1], (0.0, "")), (path.stat().st_mtime, shard[2]))
    earlier = {path for path, shard in shards if newest[shard[1]][1] != shard[2]}
    return [path for path in paths if path not in earlier]
