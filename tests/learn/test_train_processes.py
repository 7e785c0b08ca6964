"""Training in several processes, as torchrun starts them: one model, written by the first."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.learn.record import read_record
from core.learn.tagger import Tagger
from tests.places import ROOT
from tests.tiny_model import four_letters

TRAIN = """
import sys
from pathlib import Path
from core.learn.options import options_for
from core.learn.train import train
from tests.tiny_model import four_letters

options = options_for(sys.argv[1], epochs=2, batch_size=2, learning_rate=5e-3)
print(train(four_letters(), Path(sys.argv[2]), options).weights)
"""


@pytest.mark.training
def test_two_processes_train_one_model(tiny_base: Path, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(TRAIN)
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    out = tmp_path / "model"
    done = subprocess.run(
        [*start, "train.py", str(tiny_base), str(out)],
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    record = read_record(out)
    assert done.stdout.split() == [record.weights] * 2, "both tell of the one model"
    assert record.epochs == 2.0
    assert {path.name for path in tmp_path.iterdir()} == {"train.py", "model"}
    assert len(list(Tagger.load(out).label([a.phrase for a in four_letters()]))) == 16
