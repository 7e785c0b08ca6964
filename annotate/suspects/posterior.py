"""How likely each label is on each word, from all the letters but the one it stands in.

A word is known by some twenty features (itself, its spelling, its neighbours, its section). Of each
feature it is counted which labels people gave to the words that have it, the letter's own counts
taken out again, so that nothing is trained and every letter is judged by all the others. The shares
that the features speak for are multiplied, as in naive Bayes, each to the power of a quarter, since
features of one word say much the same thing.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from annotate.suspects.marks import Marked, tags_of
from core.errors import BadInput
from core.learn.data.split import hand_of

Shares = NDArray[np.float64]
_COLUMNS = 2**18
_POWER = 0.25
_PRIOR = 4.0  # words with the usual shares of labels that each feature is taken to have seen
_NEVER = 1e-4  # the least share of a label, so that one certain word does not outvote all else
_EDGE = ("<<", "<"), (">", ">>")


def out_of_fold(phrases: Sequence[Marked], labels: Sequence[str]) -> list[Shares]:
    """For each phrase one row a word: the share of no label, then of each of `labels`.

    Raises BadInput where all phrases are of one letter (or, fictitious, of one voice).
    """
    from scipy.sparse import csr_array  # type: ignore[import-untyped]
    from sklearn.feature_extraction import FeatureHasher

    hands = [hand_of(phrase.annotation) for phrase in phrases]
    if len(set(hands)) < 2:
        raise BadInput("all phrases are of one letter; mistakes are found by comparing letters")
    lengths = [len(phrase.places) for phrase in phrases]
    owners = np.repeat(np.unique(hands, return_inverse=True)[1], lengths)
    tags = np.concatenate([tags_of(phrase, labels) for phrase in phrases])
    hasher = FeatureHasher(_COLUMNS, input_type="string", alternate_sign=False)
    rows = csr_array(hasher.transform(chain.from_iterable(map(_features, phrases))))
    ones = csr_array(
        (np.ones(len(tags)), (np.arange(len(tags)), tags)), (len(tags), len(labels) + 1)
    )
    counts, usual = csr_array(rows.T @ ones), ones.sum(axis=0) + _PRIOR / 2
    shares = np.empty(ones.shape)
    for hand in np.unique(owners):
        own = np.flatnonzero(owners == hand)
        mine, labelled = rows[own], ones[own]
        there = np.unique(mine.indices)
        mine = mine[:, there]
        known = counts[there].toarray() - (mine.T @ labelled).toarray()
        shares[own] = _told(mine, known, usual - labelled.sum(axis=0))
    return np.split(shares, np.cumsum(lengths)[:-1])


def _told(rows, known: Shares, usual: Shares) -> Shares:  # type: ignore[no-untyped-def]  # sparse
    """The shares of each word from the counts of its features in the other letters."""
    usual = usual / usual.sum()
    seen = (known + _PRIOR * usual) / (known.sum(axis=1, keepdims=True) + _PRIOR)
    logs = _POWER * (rows @ np.log(seen / usual)) + np.log(usual)
    powers = np.exp(logs - logs.max(axis=1, keepdims=True))
    shares = np.maximum(powers / powers.sum(axis=1, keepdims=True), _NEVER)
    told: Shares = shares / shares.sum(axis=1, keepdims=True)
    return told


def _features(phrase: Marked) -> Iterator[list[str]]:
    """What each word of a phrase is known by."""
    text = phrase.annotation.phrase.text
    section = str(phrase.annotation.phrase.section)
    row = [*_EDGE[0], *phrase.plain, *_EDGE[1]]
    for n, (word, (start, end)) in enumerate(zip(phrase.plain, phrase.places, strict=True)):
        before2, before, _, after, after2 = row[n : n + 5]
        yield [
            f"w={word}",
            f"shape={_shape(text[start:end])}",
            f"head3={word[:3]}",
            f"head5={word[:5]}",
            f"tail={word[-3:]}",
            f"-1={before}",
            f"+1={after}",
            f"-2={before2}",
            f"+2={after2}",
            f"-1w={before} {word}",
            f"w+1={word} {after}",
            f"-2-1={before2} {before}",
            f"+1+2={after} {after2}",
            f"section={section}",
            f"in={section} {word}",
            *(f"left={other}" for other in phrase.plain[max(0, n - 5) : max(0, n - 2)]),
            *(f"right={other}" for other in phrase.plain[n + 3 : n + 6]),
        ]


def _shape(word: str) -> str:
    if not word[0].isalpha():
        return f"0{len(word)}" if word.isdecimal() else "sign"
    return "AA" if word.isupper() and len(word) > 1 else "Aa" if word[0].isupper() else "aa"
