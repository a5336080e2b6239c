"""Other systems' figures for the public models: measured once, with the same gcc 12 and QEMU 7.2.

Instructions and cycles in millions, of one inference. TensorFlow Lite Micro with CMSIS-NN is of
July and August 2026, built with -O3 (cortex-m7: -O2); its stack is about 0.7 kB.
"""

from __future__ import annotations

MICRO = {  # core -> model -> instructions
    "cortex-m0": {"kws": 29.0, "resnet8": 97.6, "vww": 86.9, "ad": 1.76},
    "cortex-m3": {"kws": 10.5, "resnet8": 41.8, "vww": 32.1, "ad": 0.956},
    "cortex-m4": {"kws": 7.84, "resnet8": 29.9, "vww": 24.7, "ad": 0.582, "mcunet": 48.7},
    "cortex-m7": {"kws": 7.64, "resnet8": 30.0, "vww": 24.0, "ad": 0.583, "mcunet": 47.5},
    "cortex-m33": {"kws": 7.80, "resnet8": 29.9, "vww": 24.5, "ad": 0.583},
    "cortex-m55": {"kws": 1.78, "resnet8": 4.81, "vww": 6.43, "ad": 0.150, "mcunet": 11.7},
}
MICRO_ON_M4 = {  # model -> cycles (the M4-like estimate), arena and flash in bytes
    "kws": (9.47, 22_820, 141_412),
    "resnet8": (38.5, 54_996, 179_488),
    "vww": (30.3, 100_708, 420_764),
    "ad": (0.727, 2_580, 309_676),
    "mcunet": (59.7, 219_716, 711_060),
}
OTHERS = {  # model -> system, core, instructions
    "kws": (("onnx2c (in float)", "cortex-m4", 21.6),),
    "resnet8": (("onnx2c (in float)", "cortex-m4", 124.8),),
    "vww": (
        ("TinyEngine (float requantisation, wrong output)", "cortex-m4", 19.74),
        ("onnx2c (in float)", "cortex-m4", 68.5),
    ),
    "ad": (
        ("TinyEngine (float requantisation)", "cortex-m4", 0.772),
        ("onnx2c (in float)", "cortex-m4", 4.33),
    ),
    "mcunet": (
        ("TinyEngine (float requantisation)", "cortex-m7", 34.53),
        ("TinyEngine (integer requantisation, repaired)", "cortex-m7", 42.7),
    ),
}
RECORDS = {"kws": 4.45, "resnet8": 16.9, "vww": 9.1, "ad": 0.38}
"""The best latencies published for a NUCLEO-L4R5ZI (MLPerf Tiny, closed division: 43, 165, 89,
4.05 ms) as cycles of the M4-like estimate: real ones are 1.16 times that there (ad: 1.27)."""
