"""Whether a file is still what was written, to the bit.

A parquet file carries its digest in its own metadata: the SHA-256 of all its bytes with the digest's place filled with
zeros. Other files have one beside them, FILE.sha256, which `sha256sum -c` reads too.

Standard library only: the rules import this module.
"""

import hashlib
import io
import os
import re
from pathlib import Path

LABEL = "sha256 of this file with zeros here:"
ZEROS = b"0" * 64
SEAL = re.compile(LABEL.encode() + rb"([0-9a-f]{64})")


class ChangedError(ValueError):
    """A file is not as it was written."""


def sealed_parquet(frame) -> bytes:
    """The parquet file of a polars frame, with its digest."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, metadata={"seal": LABEL + ZEROS.decode()})
    data = buffer.getvalue()
    before, _, after = _around_digest(data)
    return b"".join([before, _digest(before, after), after])


def checked_parquet(path: str) -> bytes:
    """The bytes of a file that sealed_parquet made. Raises ChangedError for any that differs in a bit."""
    data = Path(path).read_bytes()
    before, digest, after = _around_digest(data)
    if digest != _digest(before, after):
        raise ChangedError("it has changed since it was written")
    return data


def _around_digest(data: bytes) -> tuple[memoryview, bytes, memoryview]:
    """What comes before the digest, the digest, and what follows. It is in the metadata, which end the file."""
    length = int.from_bytes(data[-8:-4], "little") + 8
    start = max(0, len(data) - length)
    found = list(SEAL.finditer(data[start:]))
    if not found:
        raise ChangedError("it has no digest, so it is cut short, or was not written by this workflow")
    first, last = (start + place for place in found[-1].span(1))  # others are statistics of a column of texts
    view = memoryview(data)
    return view[:first], data[first:last], view[last:]


def _digest(before: memoryview, after: memoryview) -> bytes:
    digest = hashlib.sha256(before)
    digest.update(ZEROS)
    digest.update(after)
    return digest.hexdigest().encode()


def write_beside(path: str) -> None:
    """Writes FILE.sha256."""
    beside = f"{path}.sha256"
    Path(f"{beside}.part").write_text(f"{file_digest(path)}  {Path(path).name}\n")
    os.replace(f"{beside}.part", beside)


def check_beside(path: str) -> None:
    """Raises ChangedError for a file that is not what write_beside saw."""
    beside = Path(f"{path}.sha256")
    if not beside.exists():
        raise ChangedError(f"{beside.name} is not there")
    if beside.read_text(errors="replace").split()[:1] != [file_digest(path)]:
        raise ChangedError("it has changed since it was written")


def file_digest(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
