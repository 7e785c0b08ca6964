"""Files of the batch API on their way, private: the questions of a job, and its answers."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from core.label.hosted.jobs import Job, Outcome
from core.label.hosted.request import Request
from core.label.hosted.wire import Passing, reply_of

MOST_QUESTIONS = 50_000
MOST_BYTES = 100_000_000


class Parcel:
    """The file of a job that is being filled, mode 0600; `most`: the most US dollars it costs."""

    def __init__(self, job: Job, folder: Path) -> None:
        self.job = job
        self.path = folder / job.name
        self.count = 0
        self.most = 0.0
        self._bytes = 0

    def takes(self, request: Request, line: bytes) -> bool:
        """Whether the service's limits leave room for one more line."""
        return (
            request.model == self.job.model
            and self.count < MOST_QUESTIONS
            and self._bytes + len(line) <= MOST_BYTES
        )

    def write(self, line: bytes, most: float) -> None:
        """Adds a question."""
        with open(self.path, "ab", opener=_privately) as file:
            file.write(line)
        self.count += 1
        self.most += most
        self._bytes += len(line)


@contextmanager
def private(path: Path) -> Iterator[BinaryIO]:
    """A file for the time of the block, mode 0600."""
    try:
        with open(path, "w+b", opener=_privately) as file:
            yield file
    finally:
        path.unlink(missing_ok=True)


def line_of(request: Request) -> bytes:
    """A question as a line of a job's file."""
    return json.dumps({"custom_id": request.key, "body": request.body()}).encode() + b"\n"


def outcome_of(line: bytes) -> Outcome | None:
    """What a line of the answers says; None where it says nothing, as one that was cut."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    match said:
        case {"custom_id": str(request), "response": {"body": body} as response}:
            try:
                if response.get("status_code", 200) == 200:
                    return Outcome(request, "ok", reply_of(body))
            except Passing as fault:
                return Outcome(request, fault.what)
    match said:
        case {"custom_id": str(request)}:
            return Outcome(request, "failed in its batch")
    return None


def _privately(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
