"""Real functions of one variable that a 256-byte table can hold, and their ONNX names.

Piecewise linear functions run on exact rationals (object arrays of Fraction) as well as on float64,
so that a table entry never depends on the rounding of float64 next to a tie.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

Values = np.ndarray
Parameter = Any  # float, or Fraction in exact evaluation


@dataclass(frozen=True)
class Function:
    """A function with its parameters' names; `exact` when it also works on Fractions."""

    evaluate: Callable[..., Values]
    parameters: tuple[str, ...] = ()
    exact: bool = False


def _clamp(x: Values, low: Parameter, high: Parameter) -> Values:
    clamped: Values = np.minimum(np.maximum(x, low), high)
    return clamped


def _hard_sigmoid(x: Values, alpha: Parameter, beta: Parameter) -> Values:
    return _clamp(x * alpha + beta, 0, 1)


def _leaky_relu(x: Values, alpha: Parameter) -> Values:
    return np.where(x < 0, x * alpha, x)


def _thresholded_relu(x: Values, alpha: Parameter) -> Values:
    return np.where(x > alpha, x, 0 * x)


def _sigmoid(x: Values) -> Values:
    return 0.5 + 0.5 * np.tanh(0.5 * x)


def _elu(x: Values, alpha: float) -> Values:
    return np.where(x < 0, alpha * np.expm1(np.minimum(x, 0)), x)


def _selu(x: Values, alpha: float, gamma: float) -> Values:
    return np.asarray(gamma * _elu(x, alpha))


def _celu(x: Values, alpha: float) -> Values:
    return np.where(x < 0, alpha * np.expm1(np.minimum(x, 0) / alpha), x)


def _softplus(x: Values) -> Values:
    return np.asarray(np.logaddexp(0.0, x))


def _erf(x: Values) -> Values:
    return np.asarray(np.vectorize(math.erf, otypes=[np.float64])(x))


def _gelu(x: Values) -> Values:
    return 0.5 * x * (1.0 + _erf(x / math.sqrt(2.0)))


def _gelu_tanh(x: Values) -> Values:
    return 0.5 * x * (1.0 + np.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))


FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        "identity": Function(lambda x: x, exact=True),
        "clamp": Function(_clamp, ("low", "high"), exact=True),
        "affine": Function(lambda x, scale, offset: x * scale + offset, ("scale", "offset"), True),
        "abs": Function(np.abs, exact=True),
        "neg": Function(np.negative, exact=True),
        "square": Function(lambda x: x * x, exact=True),
        "leaky_relu": Function(_leaky_relu, ("alpha",), True),
        "thresholded_relu": Function(_thresholded_relu, ("alpha",), True),
        "hard_sigmoid": Function(_hard_sigmoid, ("alpha", "beta"), True),
        "hard_swish": Function(lambda x: x * _clamp(x + 3, 0, 6) / 6, exact=True),
        "sigmoid": Function(_sigmoid),
        "tanh": Function(np.tanh),
        "elu": Function(_elu, ("alpha",)),
        "selu": Function(_selu, ("alpha", "gamma")),
        "celu": Function(_celu, ("alpha",)),
        "silu": Function(lambda x, alpha: x * _sigmoid(alpha * x), ("alpha",)),
        "gelu": Function(_gelu),
        "gelu_tanh": Function(_gelu_tanh),
        "mish": Function(lambda x: x * np.tanh(_softplus(x))),
        "softplus": Function(_softplus),
        "softsign": Function(lambda x: x / (1.0 + np.abs(x))),
        "exp": Function(np.exp),
        "log": Function(np.log),
        "sqrt": Function(np.sqrt),
        "reciprocal": Function(np.reciprocal),
        "erf": Function(_erf),
        "sin": Function(np.sin),
        "cos": Function(np.cos),
        "power": Function(np.power, ("exponent",)),
    }
)


@dataclass(frozen=True)
class OnnxFunction:
    """An ONNX operator that is one function; attributes with their defaults, in order."""

    op_type: str
    function: str
    attributes: tuple[tuple[str, float], ...] = ()


ONNX_FUNCTIONS = (
    OnnxFunction("Sigmoid", "sigmoid"),
    OnnxFunction("Tanh", "tanh"),
    OnnxFunction("HardSwish", "hard_swish"),
    OnnxFunction("HardSigmoid", "hard_sigmoid", (("alpha", 0.2), ("beta", 0.5))),
    OnnxFunction("LeakyRelu", "leaky_relu", (("alpha", 0.01),)),
    OnnxFunction("ThresholdedRelu", "thresholded_relu", (("alpha", 1.0),)),
    OnnxFunction("Elu", "elu", (("alpha", 1.0),)),
    OnnxFunction(
        "Selu", "selu", (("alpha", 1.67326319217681884765625), ("gamma", 1.05070102214813232421875))
    ),
    OnnxFunction("Celu", "celu", (("alpha", 1.0),)),
    OnnxFunction("Swish", "silu", (("alpha", 1.0),)),
    OnnxFunction("Mish", "mish"),
    OnnxFunction("Softplus", "softplus"),
    OnnxFunction("Softsign", "softsign"),
    OnnxFunction("Exp", "exp"),
    OnnxFunction("Log", "log"),
    OnnxFunction("Sqrt", "sqrt"),
    OnnxFunction("Reciprocal", "reciprocal"),
    OnnxFunction("Erf", "erf"),
    OnnxFunction("Abs", "abs"),
    OnnxFunction("Neg", "neg"),
    OnnxFunction("Sin", "sin"),
    OnnxFunction("Cos", "cos"),
)
