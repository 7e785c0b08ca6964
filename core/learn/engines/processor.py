"""What this machine multiplies with: read from the system, nothing is tried out."""

from functools import cache
from pathlib import Path

import onnxruntime

CUDA = "CUDAExecutionProvider"
_DRIVER = Path("/proc/driver/nvidia/version")
_CPUINFO = Path("/proc/cpuinfo")
_UNITS = {
    "amx_int8": "AMX",
    "avx512_vnni": "AVX512-VNNI",
    "avx_vnni": "AVX-VNNI",
    "i8mm": "I8MM",
    "asimddp": "dot products",
    "avx2": "AVX2",
}
"""The best first. ONNX Runtime itself takes the kernel of the best one. It multiplies in bf16 on
no x86 processor, so there is nothing to choose between but int8 and fp32."""


def int8_unit(cpuinfo: Path = _CPUINFO) -> str | None:
    """The unit that makes int8 quicker than fp32; "" where there is none, None where the system
    does not say."""
    known = _flags(cpuinfo)
    if not known:
        return None
    return next((name for flag, name in _UNITS.items() if flag in known), "")


def has_gpu(driver: Path = _DRIVER) -> bool:
    """Whether networks can run on a GPU of NVIDIA's: there is one, and ONNX Runtime is the build
    that uses it (the package onnxruntime-gpu)."""
    return driver.exists() and CUDA in onnxruntime.get_available_providers()


@cache
def _flags(cpuinfo: Path) -> frozenset[str]:
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    rows = (line.partition(":")[2] for line in lines if line.startswith(("flags", "Features")))
    return frozenset(next(rows, "").split())
