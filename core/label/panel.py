"""Who is asked each question: one interview for every answer wanted."""

from collections.abc import Iterable, Iterator, Sequence

from core.errors import BadInput
from core.label.asking import Asking
from core.label.formats import FORMATS
from core.label.hosted.ledger import Ledger
from core.label.hosted.request import Request
from core.label.interview import Interview
from core.label.sheets import Question
from core.schema import Schema, View


class Panel:
    """The voters' interviews. Raises BadInput where a format needs a tagger that is not there."""

    def __init__(
        self, how: Asking, model: str, schema: Schema, view: View, finder: str | None
    ) -> None:
        self.interviews: Sequence[Interview] = [
            Interview(
                FORMATS.get(voter.format)(schema, view, how.prompt_language),
                model,
                voter,
                how.logprobs,
            )
            for voter in how.voters
        ]
        if finder is None and any(interview.format.marked for interview in self.interviews):
            raise BadInput(
                "the format hybrid asks what a tagger found; use it as lettera extract --by hybrid"
            )
        self._how = how
        self._finder = finder

    @property
    def recipe(self) -> str:
        """What besides the model decides what is said: prompts, number of votes and examples."""
        prompts = dict.fromkeys(interview.format.prompt for interview in self.interviews)
        votes = len(self.interviews)
        more = [f"{votes}-votes"] if len(prompts) < votes else []
        more += [f"{self._how.examples}-examples"] if self._how.examples else []
        more += [self._finder] if self._finder else []
        return "+".join([*prompts, *more])

    def requests(self, questions: Iterable[Question], ledger: Ledger | None) -> Iterator[Request]:
        """The requests that asking would begin with; of what shares a call only what is open."""
        for question in questions:
            interview = self.interviews[question.voter]
            single = [interview.request([asked]) for asked in question.asked]
            open_ = [ledger is None or ledger.find(request.key) is None for request in single]
            if sum(open_) > 1:
                yield from (r for r, is_open in zip(single, open_, strict=True) if not is_open)
                yield interview.request(
                    [a for a, o in zip(question.asked, open_, strict=True) if o]
                )
            else:
                yield from single
