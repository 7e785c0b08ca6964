"""How many numbers the networks of the papers learn, counted without their weights.

The counts are those of seeds/001, Table I, with 19 tags: an `AutoModel` under a 19-way layer, and
the same with a CRF, which adds 19 * 19 + 2 * 19. BERT's include its unused pooler (590,592).
"""

import pytest
import torch
from transformers import (
    AutoModel,
    BertConfig,
    BertForTokenClassification,
    DistilBertConfig,
    PretrainedConfig,
)

from core.learn.heads import HEADS
from core.learn.tags import head_tags

LABELS = ("drug", "strength", "form", "dosage", "frequency", "route", "duration", "reason", "ade")
BERT = BertConfig(vocab_size=28996)  # bert-base-cased; BioBERT v1.2 has the same
MULTILINGUAL = DistilBertConfig(vocab_size=119547)  # distilbert-base-multilingual-cased
CASED = DistilBertConfig(vocab_size=28996)  # distilbert-base-cased, there trained from scratch

TABLE = {
    "BERT-Apt": (BERT, "linear", 108_324_883),
    "BERT-CRF": (BERT, "crf", 108_325_282),
    "ClinicalBERT-Apt": (MULTILINGUAL, "linear", 134_748_691),
    "ClinicalBERT-CRF": (MULTILINGUAL, "crf", 134_749_090),
    "TransformerApt": (CASED, "linear", 65_205_523),
    "TransformerCRF": (CASED, "crf", 65_205_922),
}


def count(*parts: torch.nn.Module) -> int:
    return sum(parameter.numel() for part in parts for parameter in part.parameters())


@pytest.mark.parametrize(("config", "head", "wanted"), TABLE.values(), ids=TABLE)
def test_table_1(config: PretrainedConfig, head: str, wanted: int) -> None:
    tags = head_tags(head, LABELS)
    assert len(tags) == 19
    with torch.device("meta"):
        body = AutoModel.from_config(config)
        assert count(body, HEADS.get(head)(768, tags)) == wanted


def test_what_is_saved_of_bert_has_no_pooler() -> None:
    with torch.device("meta"):
        config = BertConfig(vocab_size=28996, num_labels=19)
        assert count(BertForTokenClassification(config)) == 107_734_291
