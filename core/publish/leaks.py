"""The last look before an upload: no value of a patient's identity, no token, no e-mail address.

Every file is opened (`core.publish.inside`) and searched, in every way it may be read
(`core.publish.readings`). One hit refuses; the error names the file and the field, never the value.
"""

import re
from collections.abc import Collection, Iterable

from core.errors import BadInput
from core.learn.record import TOKENIZER
from core.publish.identity import Identities, words_of
from core.publish.inside import LONG, Raw, Text, parts, runs
from core.publish.plan import PlannedFile
from core.publish.readings import backwards, readings

_SECRETS = {
    "an access token": re.compile(
        r"\b(?:hf_[A-Za-z0-9]{20,}|tgp_v1_[\w-]{20,}|sk-[A-Za-z0-9_-]{20,}|gh[pousr]_\w{30,}|AKIA[A-Z0-9]{16})\b"
    ),
    "a tax number": re.compile(r"(?i)\b[a-z]{6}\d\d[a-ehlmprst]\d\d[a-z]\d{3}[a-z]\b"),
    "an e-mail address": re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
}
_LISTED = 5


def refuse_leaks(
    files: Iterable[PlannedFile],
    known: Identities,
    public: Collection[str] = (),
    vocabulary: Collection[str] = (),
) -> int:
    """Raises BadInput where one of the files holds what must not be published; returns how many
    values were searched for. `public`: our own texts (the card's, the fields' definitions);
    `vocabulary`: the words of a base model that is public itself, which its tokenizer brings with
    it.
    """
    hits: list[str] = []
    ours = _without(known, public)
    base = _without(ours, vocabulary)
    for file in files:
        seen = ours if file.name.endswith((".json", ".md")) else known
        if file.path.name == TOKENIZER:
            seen = base
        for part in parts(file.name, file.path.read_bytes()):
            try:
                hits += [f"{part.where} ({what})" for what in sorted(_found(part, seen))]
            except BadInput as error:
                raise BadInput(f"{part.where}: {error}; train the model again") from None
    if hits:
        listed = list(dict.fromkeys(hits))
        more = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
        raise BadInput(
            f"not to be published: {', '.join(listed[:_LISTED])}{more}: what stands there is a "
            "patient's or secret; nothing was sent. Train the model again (a vocabulary takes no "
            "word of an identity field), or remove it where it stands"
        )
    return len(known)


def _found(part: Text | Raw, known: Identities) -> set[str]:
    found: set[str] = set()
    if isinstance(part, Text):
        for said in readings(part.text):
            found |= known.found(said)
            found |= {what for what, shape in _SECRETS.items() if shape.search(said)}
        # Of short words too many are others from behind.
        return found | known.long.found(backwards(part.text))
    for piece in part.windows():
        told = list(runs(piece))
        found |= known.long.found("\n".join(told))
        texts = "\n".join(run for run in told if len(run) >= LONG)
        found |= _found(Text(part.where, texts), known) if texts else set()
    return found


def _without(known: Identities, spared: Collection[str]) -> Identities:
    plain = (word.removeprefix("##") for word in spared)
    there = {word for said in readings("\n".join(plain)) for word in words_of(said)}
    words = {word: name for word, name in known.words.items() if word not in there}
    return Identities(words, known.names, known.numbers, known.days, known.letters)
