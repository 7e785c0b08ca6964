"""What a ledger's calls took, what further ones would, and the prices that say it."""

import json
import stat
from pathlib import Path

import pytest

from core.errors import BadInput
from core.label.hosted.account import account, export, table
from core.label.hosted.estimate import Estimate, estimate
from core.label.hosted.ledger import Call, Ledger
from core.label.hosted.models import Model, price_list
from core.label.hosted.reply import Reply
from tests.label.hosted.ledger import PRICES, call, question


def test_the_account_tells_calls_faults_money_and_latency(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        for number in range(20):
            key = f"r{number}"
            made = Call(key, "some/model", "iob.v1.it", "ok", number / 10, usd=0.5)
            ledger.record(made, {key: Reply("x", "stop", 100, 20)})
        ledger.record(Call("r", "some/model", "iob.v1.it", "answered 500", 9.0))
        half = Call("s", "some/model", "spans.v1.it", "ok", 9.0, batch=True)
        ledger.record(half, {"s": Reply("x", "stop", 1_000_000, 0)})
        ledger.record(call("t"), {"t": Reply("x", "stop", 1, 1)})
        nobodys = Call("u", "unknown/model", "iob.v1.it", "ok", 1.0)
        ledger.record(nobodys, {"u": Reply("x", "stop", 1, 1)})
        lines = account(ledger, PRICES)
        text = table(lines)
    seen = {(line.model, line.prompt): line for line in lines}
    iob = seen["some/model", "iob.v1.it"]
    assert (iob.calls, iob.answers, iob.faults) == (21, 20, 1)
    assert (iob.tokens_in, iob.tokens_out, iob.usd) == (2000, 400, 10.0)
    assert (iob.median, iob.p95) == (0.9, 1.8)
    batch = seen["some/model", "spans.v1.it"]
    assert (batch.usd, batch.median) == (0.5, None)
    assert seen["unknown/model", "iob.v1.it"].usd is None
    assert [line.split()[0] for line in text.splitlines()] == [
        "model", "some/model", "some/model", "some/model", "unknown/model", "all",
    ]  # fmt: skip
    assert text.splitlines()[-1].split()[1:7] == ["24", "23", "1", "1,002,002", "402", "?"]


def test_an_empty_ledger_has_an_empty_account(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        assert account(ledger, PRICES) == []
        assert table([]).startswith("model  prompt  calls") and "\n" not in table([])


def test_what_is_exported_is_all_but_the_secret_and_private(tmp_path: Path) -> None:
    path = tmp_path / "out" / "ledger.jsonl"
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        secret = ledger.secret()
        ledger.record(call(outcome="answered 500"))
        ledger.record(call(usd=0.5), {"r": Reply("è così\u2028", "stop", 100, 20, (("è", -0.5),))})
        assert export(ledger, path) == 3
    written = path.read_bytes()
    fault, paid, kept = map(json.loads, written.splitlines())
    assert (fault["kind"], fault["outcome"], fault["tokens_in"]) == ("call", "answered 500", None)
    assert (paid["usd"], paid["batch"], paid["tokens_out"]) == (0.5, False, 20)
    assert (kept["kind"], kept["call"], kept["text"]) == ("answer", paid["id"], "è così\u2028")
    assert kept["logprobs"] == [["è", -0.5]]
    assert secret.hex().encode() not in written and secret not in written
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_estimate_asks_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    requests = [question(number) for number in (1, 2, 2, 3)]
    price = PRICES.models["some/model"]
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.record(call(), {question(3).key: Reply("x", "stop", 1, 1)})
        guess = estimate(requests, ledger, price)
        assert (guess.calls, guess.reused) == (2, 2)
        assert guess == Estimate(2, 2, 5, 100, pytest.approx(105e-6))
        assert estimate(requests, ledger, price, batch=True).usd == pytest.approx(105e-6 / 2)
        assert estimate(requests, ledger, None).usd is None
        assert estimate(requests, None, price).calls == 3
        for number in range(100, 130):
            seen = Call("r", "some/model", "iob.v1.it", "ok", 1.0, characters=10)
            ledger.record(seen, {str(number): Reply("x", "stop", 20, 7)})
        learnt = estimate(requests, ledger, price)
        assert (learnt.tokens_in, learnt.tokens_out) == (2 * 2 * len("frase 1"), 14)


def test_the_price_list_has_a_date_and_knows_its_default_and_the_papers_models() -> None:
    prices = price_list()
    assert prices.checked >= "2026-10-07"
    default = prices.models[prices.default]
    assert default.usd(1_000_000, 1_000_000) == pytest.approx(2.08)
    assert default.usd(1_000_000, 1_000_000, batch=True) == pytest.approx(1.04)
    stood_for = {model.stands_for for model in prices.models.values()}
    assert stood_for >= {"LLaMA-3-70B", "DeepSeek-V3", "DeepSeek-R1"}


def test_a_users_list_overrides_and_adds(tmp_path: Path) -> None:
    ours, path = price_list(), tmp_path / "models.toml"
    assert price_list(path) == ours
    path.write_text(
        'checked = 2027-01-01\ndefault = "my/model"\n'
        f'[models."{ours.default}"]\nusd_in = 7\n'
        '[models."my/model"]\nusd_in = 1\nusd_out = 2\nrpm = 60\n'
    )
    prices = price_list(path)
    assert (prices.checked, prices.default) == ("2027-01-01", "my/model")
    old, new = ours.models[ours.default], prices.models[ours.default]
    assert (new.usd_in, new.usd_out, new.context) == (7, old.usd_out, old.context)
    assert prices.price("my/model") == Model("my/model", None, 1, 2, rpm=60)
    assert ours.models.keys() < prices.models.keys()


BAD_LISTS = {
    "no TOML": ("usd = = 1", "cannot be read as TOML"),
    "no list": ("price = 1", "is no price list"),
    "a model that is no table": ("models = 3", "is no price list"),
    "half a price": ('[models."m"]\nusd_in = 1', "needs usd_in and usd_out"),
    "a price below nothing": ('[models."m"]\nusd_in = -1\nusd_out = 1', "needs usd_in"),
    "a word for a price": ('[models."m"]\nusd_in = "a"\nusd_out = 1', "needs usd_in"),
    "no number": ('[models."m"]\nusd_in = nan\nusd_out = 1', "needs usd_in"),
    "no end of money": ('[models."m"]\nusd_in = inf\nusd_out = 1', "needs usd_in"),
    "an unknown value": ('[models."m"]\nusd_in = 1\nusd_out = 1\nx = 1', "and may have"),
}


@pytest.mark.parametrize(("text", "said"), BAD_LISTS.values(), ids=BAD_LISTS)
def test_a_users_list_with_a_mistake_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "models.toml"
    path.write_text(text)
    with pytest.raises(BadInput, match=f"models.toml: .*{said}"):
        price_list(path)


def test_a_model_without_a_price_comes_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(
        BadInput, match=r"no price .* add it to .*models\.toml: \[models\.\"x/y\"\]"
    ):
        price_list().price("x/y", tmp_path / "models.toml")
