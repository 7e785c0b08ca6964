"""How long Label Studio waits for the labelling backend, over HTTP on this machine:
python -m tests.bench.backend.

Wanted: 100 phrases within 2 s on a CPU, of the rules and of the network that `up` trains. `encoder`
is told beside: a network of Bio_ClinicalBERT's size with random weights, which takes as long as a
trained one, and longer than that on two cores.
"""

import dataclasses
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

import httpx
from transformers import BertConfig, BertForTokenClassification

from annotate.backend.backend import Plan
from annotate.backend.serving import Address, serving
from annotate.screen.config import label_config
from annotate.screen.regions import task_of
from core.learn.data.vocabulary import train_vocabulary
from core.learn.engines.encode import Encoder
from core.learn.networks.export import write_model
from core.learn.options import options_for
from core.learn.record import Record
from core.learn.tagger import Tagger
from core.learn.train import train
from core.records import Annotation
from core.schema import default_schema
from demo.fictitious import corpus, voices

WANTED = 2.0  # seconds for 100 phrases


def ask(address: Address, gold: list[Annotation], number: int) -> float:
    """Seconds for one request of so many tasks, as Label Studio sends them."""
    chosen = list(islice(cycle(gold), number))
    tasks = [task_of(a, "la riga prima", "la riga dopo") | {"id": n} for n, a in enumerate(chosen)]
    body = {"tasks": tasks, "label_config": label_config(default_schema(), "field")}
    account = address.account
    with httpx.Client(auth=(account.user, account.password), timeout=600, trust_env=False) as http:

        def once() -> float:
            begun = time.perf_counter()
            answer = http.post(f"{address.url}/predict", json=body).raise_for_status().json()
            assert len(answer["results"]) == number
            assert all(isinstance(result, dict) for result in answer["results"])
            return time.perf_counter() - begun

        first = once()
        return first if number > 100 else statistics.median(once() for _ in range(3))


def encoder(
    gold: list[Annotation],
    small: Record,
    out: Path,
    strict: Callable[[Tagger], float] | None = None,
) -> Path:
    """A model folder with an encoder of 110 million weights that has learned nothing. With a
    `strict` score, which int8 keeps, it is tagged with in int8."""
    tokenizer = train_vocabulary(gold, 4000)
    names = 1 + 2 * len(small.labels)
    config = BertConfig(vocab_size=28996, type_vocab_size=3, num_labels=names)
    network = BertForTokenClassification(config)
    record = dataclasses.replace(
        small,
        engine="onnx",
        head="linear",
        base="encoder",
        limit=512,
        scores={},
        meanings={},
        fingerprint="",
    )
    learned = [annotation.phrase for annotation in gold]
    write_model(
        network,
        Encoder(tokenizer, 512),
        record,
        out,
        lambda tagger: tagger.record,
        strict,
        learned,
    )
    return out


def bench(folder: Path) -> bool:
    """Prints the figures; says whether 100 phrases came within the time where that is wanted."""
    gold = [default_schema().seen_as(a, "field") for a in corpus(voices(), 2)]
    record = train(gold, folder / "small", options_for("small", epochs=1))
    encoder(gold, record, folder / "encoder")
    encoder(gold, record, folder / "encoder int8", lambda tagger: 0.5)
    within = True
    for name in ("rules", "small", "encoder", "encoder int8"):
        model = name if name == "rules" else str(folder / name)
        begun = time.perf_counter()
        with serving(Plan(model, folder / f"{name} space", ["true"]), 0) as address:
            up = time.perf_counter() - begun
            hundred = ask(address, gold, 100)
            more = ""
            if not name.startswith("encoder"):  # a thousand would take longer than the server waits
                thousand = ask(address, gold, 1000)
                more = f", 1,000 in {thousand:5.2f} s ({1000 / thousand:,.0f} a second)"
                within = within and hundred <= WANTED
        print(  # noqa: T201
            f"{name:12} up in {up:4.1f} s, 100 phrases in {hundred:5.2f} s "
            f"(wanted: {WANTED:.0f}){more}",
            flush=True,
        )
    return within


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        sys.exit(not bench(Path(made)))
