"""What a tensor is: shape, representation, and how its integers stand for real numbers."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np


class DType(enum.Enum):
    """Element types of the IR; uint8 occurs only at the border of a model."""

    INT8 = "int8"
    UINT8 = "uint8"
    INT32 = "int32"
    FLOAT32 = "float32"

    @property
    def numpy(self) -> np.dtype[np.generic]:
        """The numpy dtype of the same name."""
        return np.dtype(self.value)

    @property
    def bytes(self) -> int:
        """Bytes of one element."""
        return self.numpy.itemsize

    @property
    def c(self) -> str:
        """The C type of one element."""
        return "float" if self is DType.FLOAT32 else f"{self.value}_t"


@dataclass(frozen=True)
class Quantization:
    """real = scale * (integer - zero_point); one entry per tensor, or one per index of `axis`.

    Scales are the exact float64 values of the model file, so that every derived constant can be
    computed in rational arithmetic.
    """

    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    axis: int | None = None

    @classmethod
    def per_tensor(cls, scale: float, zero_point: int) -> Quantization:
        """One scale and zero point for the whole tensor."""
        return cls((float(scale),), (int(zero_point),))

    @property
    def scalar(self) -> tuple[Fraction, int]:
        """Exact scale and zero point of a per-tensor quantisation."""
        if len(self.scale) != 1:
            raise ValueError("per-channel quantisation where one scale was expected")
        return Fraction(self.scale[0]), self.zero_point[0]


@dataclass(frozen=True)
class TensorType:
    """Shape (batch included, always 1), element type and quantisation of a tensor."""

    shape: tuple[int, ...]
    dtype: DType
    quantization: Quantization | None = None

    @property
    def elements(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """Bytes of the packed tensor."""
        return self.elements * self.dtype.bytes

    @property
    def is_float(self) -> bool:
        """True for float32 tensors."""
        return self.dtype is DType.FLOAT32

    @property
    def scale(self) -> Fraction:
        """Exact per-tensor scale."""
        return self._quantized().scalar[0]

    @property
    def zero_point(self) -> int:
        """Per-tensor zero point."""
        return self._quantized().scalar[1]

    def _quantized(self) -> Quantization:
        if self.quantization is None:
            raise ValueError(f"{self} is not quantised")
        return self.quantization

    def with_shape(self, shape: tuple[int, ...]) -> TensorType:
        """The same representation with another shape."""
        return TensorType(shape, self.dtype, self.quantization)

    def with_quantization(self, quantization: Quantization | None) -> TensorType:
        """The same elements standing for other real numbers, or for themselves."""
        return TensorType(self.shape, self.dtype, quantization)

    def __str__(self) -> str:
        text = f"{self.dtype.value} {'x'.join(map(str, self.shape)) or 'scalar'}"
        if self.quantization is None:
            return text
        scale, zero = self.quantization.scale, self.quantization.zero_point
        if len(scale) == 1:
            return f"{text} scale {scale[0]:.6g} zero {zero[0]}"
        return f"{text} {len(scale)} scales on axis {self.quantization.axis}"
