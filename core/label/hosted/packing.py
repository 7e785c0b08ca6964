"""Questions -> files for jobs of the batch API: only what the ledger lacks, within the budget."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from core.label.hosted.budget import Budget, bound
from core.label.hosted.jobs import Job, Jobs
from core.label.hosted.ledger import Ledger
from core.label.hosted.models import Model
from core.label.hosted.parcel import Parcel, line_of
from core.label.hosted.request import Request


class Packing:
    """Fills the jobs of one run.

    `reused` questions are answered already; `left` ones have no room in the budget; those in the
    jobs `elsewhere` are on their way.
    """

    def __init__(
        self, ledger: Ledger, jobs: Jobs, price: Model | None, budget: Budget | None
    ) -> None:
        self.reused = self.left = 0
        self.elsewhere: set[int] = set()
        self._ledger = ledger
        self._jobs = jobs
        self._known = price
        self._budget = budget

    @property
    def folder(self) -> Path:
        """Where the files of jobs lie."""
        return self._ledger.path.parent

    def parcels(self, requests: Iterable[Request]) -> Iterator[Parcel]:
        """What is to be asked, cut into jobs as large as may be, of one model each."""
        parcel: Parcel | None = None
        for request in requests:
            key, line, most = request.key, line_of(request), self._most(request)
            if parcel and not parcel.takes(request, line):
                yield from self._filled(parcel)
                parcel = None
            if self._budget and (parcel.most if parcel else 0.0) + most > self._budget.room:
                self.left += not self._ledger.find(key)
                continue
            parcel = parcel or Parcel(self._jobs.new(request.model), self.folder)
            if self._jobs.add(parcel.job, key, request.prompt):
                parcel.write(line, most)
            elif holder := self._jobs.holder(key):
                self.elsewhere.add(holder)
            else:
                self.reused += 1
        if parcel:
            yield from self._filled(parcel)

    def price(self, model: str) -> Model | None:
        """Of a job that an earlier run left for another model, the account knows the price."""
        return self._known if self._known and self._known.id == model else None

    def drop(self, job: Job) -> None:
        """Unmakes a job that was not handed in."""
        (self.folder / job.name).unlink(missing_ok=True)
        self._jobs.drop(job)

    def _filled(self, parcel: Parcel) -> Iterator[Parcel]:
        if parcel.count:
            yield parcel
        else:
            self.drop(parcel.job)

    def _most(self, request: Request) -> float:
        price = self.price(request.model)
        if not price:
            return 0.0
        return bound(request.messages, request.max_tokens, price) * price.batch
