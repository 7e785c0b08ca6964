"""Which form of a network runs on which processor, and what is said of it."""

from pathlib import Path

import onnxruntime
import pytest

from core.learn.engines.processor import CUDA, has_gpu, int8_unit

TOLD = {
    "x86 with AMX": ("flags\t\t: fpu avx2 avx512_vnni amx_int8", "AMX"),
    "x86 with VNNI": ("flags\t\t: fpu avx2 avx512_vnni avx512_bf16", "AVX512-VNNI"),
    "x86 of before": ("processor\t: 0\nflags\t\t: fpu sse2 avx avx2\nbugs\t: x", "AVX2"),
    "ARM with dot products": ("Features\t: fp asimd asimddp", "dot products"),
    "neither": ("flags\t\t: fpu sse2", ""),
    "nothing said": ("", None),
}


@pytest.mark.parametrize(("text", "unit"), TOLD.values(), ids=TOLD)
def test_the_unit_that_multiplies_in_eight_bits(
    text: str, unit: str | None, tmp_path: Path
) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    assert int8_unit(tmp_path / "cpuinfo") == unit


def test_where_the_system_says_nothing_nothing_is_known(tmp_path: Path) -> None:
    assert int8_unit(tmp_path / "gone") is None


def test_a_gpu_counts_where_it_is_there_and_onnx_runtime_can_use_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "version").write_text("NVRM version: NVIDIA")
    assert not has_gpu(tmp_path / "version")  # the build for processors is installed here
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA])
    assert has_gpu(tmp_path / "version")
    assert not has_gpu(tmp_path / "gone")
