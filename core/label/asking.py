"""How to ask a hosted language model: which one, in what format, how often, for how much."""

from dataclasses import dataclass
from typing import cast

from core.errors import BadInput, UnknownName
from core.label.formats import FORMATS, LANGUAGES, Language
from core.label.shield.shield import MODES

_MOST_VOTES = 9
_WARMTH = 0.7
_SEED = 7
_COUNTS = ("batch", "concurrency", "attempts")
_AMOUNTS = ("max_usd", "timeout", "rpm", "tpm")


@dataclass(frozen=True, slots=True)
class Voter:
    """One of the answers wanted to every question: in which format, and how it is drawn."""

    format: str
    temperature: float = 0.0
    seed: int = _SEED


@dataclass(frozen=True, slots=True)
class Asking:
    """Raises BadInput or UnknownName for a choice that cannot be followed.

    `model` None is the price list's default. `votes` is a number of samples ("3") or the
    formats to ask in ("iob,inline,spans"); `format` counts where it is a number. `temperature`
    is that of the first sample. `examples` corrected phrases go with each question; `batch`
    phrases of a letter share a call. `batch_api` asks by the service's cheaper, slower door.
    `rpm`, `tpm`: requests and tokens a minute, None for the price list's. A fault that may pass
    is met with `attempts` attempts, `pause` seconds between them, doubled each time.
    """

    model: str | None = None
    format: str = "iob"
    language: str = "it"
    temperature: float = 0.0
    examples: int = 0
    votes: str = "1"
    batch: int = 1
    batch_api: bool = False
    shield: str = "auto"
    max_usd: float | None = None
    concurrency: int = 64
    timeout: float = 120.0
    attempts: int = 6
    pause: float = 0.5
    logprobs: bool = True
    rpm: float | None = None
    tpm: float | None = None

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            known = ", ".join(LANGUAGES)
            raise UnknownName(
                f"no prompt in the language '{self.language}'; choose one of: {known}"
            )
        if self.shield not in MODES:
            known = ", ".join(MODES)
            raise BadInput(f"no shield mode '{self.shield}'; choose one of: {known}")
        for name in _COUNTS:
            if getattr(self, name) < 1:
                raise BadInput(f"{name} must be 1 or more, not {getattr(self, name)}")
        for name in _AMOUNTS:
            amount = getattr(self, name)
            if amount is not None and not amount > 0:
                raise BadInput(f"{name} must be more than 0, not {amount:g}")
        for name in ("examples", "pause", "temperature"):
            if not getattr(self, name) >= 0:
                raise BadInput(f"{name} must be 0 or more, not {getattr(self, name)}")
        if self.batch_api and self.batch > 1:
            raise BadInput("the batch API asks each phrase by itself; leave one of the two out")
        for voter in self.voters:
            FORMATS.get(voter.format)

    @property
    def voters(self) -> tuple[Voter, ...]:
        """The answers wanted to every question; of several samples the first is the likeliest."""
        names = [name.strip() for name in self.votes.split(",")]
        if not (len(names) == 1 and _is_number(names[0])):
            if len(set(names)) < len(names):
                raise BadInput(f"votes names a format twice: {self.votes}")
            return tuple(Voter(name, self.temperature) for name in names)
        count = int(names[0])
        if not 1 <= count <= _MOST_VOTES:
            raise BadInput(
                f"votes must be 1 to {_MOST_VOTES}, or formats with commas between, not {count}"
            )
        return tuple(
            Voter(self.format, _WARMTH if number else self.temperature, _SEED + number)
            for number in range(count)
        )

    @property
    def prompt_language(self) -> Language:
        return cast(Language, self.language)


def _is_number(text: str) -> bool:
    return text.lstrip("+-").isdecimal()
