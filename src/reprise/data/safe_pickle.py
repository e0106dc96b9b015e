"""Python-2 pickles of byte arrays and plain containers, read without calling anything that the pickle names.

A pickle is a program: it names functions and calls them. Here the few names that a pickled byte array contains get
harmless stand-ins, every other name ends the reading, and no function of NumPy's sees the file's content.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from typing import Any

import numpy as np

from reprise.messages import one_line, shown

TUPLES = 1000


class UnsafePickleError(ValueError):
    """A pickle asks for more than byte arrays and plain containers."""


class _Refusal(pickle.UnpicklingError):
    pass


class _Array:
    """What becomes a byte array, once its state has been seen to be one."""

    __slots__ = ("value",)

    def __setstate__(self, state: Any) -> None:
        _version, shape, dtype, fortran, data = state
        if not isinstance(dtype, _ByteType) or fortran or type(data) is not bytes:
            raise _Refusal("an array of anything else than bytes in row order")
        if not all(type(n) is int and n >= 0 for n in shape) or math.prod(shape) != len(data):
            raise _Refusal(f"an array of shape {shape} from {len(data)} bytes")
        self.value = np.frombuffer(data, np.uint8).reshape(shape)


class _ByteType:
    """NumPy's uint8."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        _version, _order, subarray, names, fields, *_rest = state
        if subarray is not None or names is not None or fields is not None:
            raise _Refusal("a structured array")


class _Reconstruct:
    __slots__ = ()

    def __call__(self, *_: Any) -> _Array:
        return _Array()


class _Dtype:
    __slots__ = ()

    def __call__(self, name: Any, *_: Any) -> _ByteType:
        if name not in ("u1", b"u1"):
            raise _Refusal(f"an array of type {name!r}")
        return _ByteType()


class _Encode:
    """Python 3 writes bytes for older protocols as text that is to be encoded."""

    __slots__ = ()

    def __call__(self, text: Any, encoding: Any) -> bytes:
        if type(text) is not str or encoding not in ("latin1", b"latin1"):
            raise _Refusal("an encoding")
        return text.encode("latin1")


class _Unpickler(pickle.Unpickler):
    # instances without attributes, so that a pickle cannot change what it is given
    ADMITTED = {  # noqa: RUF012
        ("numpy.core.multiarray", "_reconstruct"): _Reconstruct(),
        ("numpy._core.multiarray", "_reconstruct"): _Reconstruct(),
        ("numpy", "ndarray"): "ndarray",
        ("numpy", "dtype"): _Dtype(),
        ("_codecs", "encode"): _Encode(),
    }

    def find_class(self, module: str, name: str) -> Any:
        """Never imports."""
        try:
            return self.ADMITTED[module, name]
        except KeyError:
            raise _Refusal(f"{module}.{name}") from None


def load_batch(data: bytes, name: str) -> dict[str, Any]:
    """Reads one pickled dict of byte arrays, numbers, bytes, lists and dicts.

    Args:
        data: the pickle.
        name: of the file, for messages.

    Returns:
        Its entries by name; arrays are (..) uint8, read-only.

    Raises:
        UnsafePickleError: it names anything else than a byte array's own parts; nothing of it was called.
        ValueError: it is no pickle, or not of a dict.
    """
    try:
        nested = 0
        for opcode, argument, _ in pickletools.genops(data):
            # hashing a tuple of a tuple of ... as a key overflows the C stack; an official file has a few dozen
            nested += opcode.name in ("TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "FROZENSET")
            if nested > TUPLES:
                raise _Refusal(f"more than {TUPLES} tuples")
            # a memo slot costs memory up to its number: a few bytes could ask for 64 GB
            if opcode.name in ("PUT", "BINPUT", "LONG_BINPUT") and argument >= len(data):
                raise _Refusal(f"memo slot {argument}")
        batch = _Unpickler(io.BytesIO(data), encoding="bytes").load()
    except _Refusal as error:
        raise UnsafePickleError(
            f"{name}: this pickle asks for {shown(str(error))}; only byte arrays and plain containers are read. It is "
            "not an official file: do not open it with anything else"
        ) from error
    except (
        pickle.UnpicklingError,
        ArithmeticError,
        AttributeError,
        EOFError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        raise ValueError(f"{name}: not a readable pickle ({one_line(error)}); fetch it again") from error
    if not isinstance(batch, dict) or not all(isinstance(key, bytes | str) for key in batch):
        raise ValueError(f"{name}: a pickled dict with names was expected; found {type(batch).__name__}")
    names = (key.decode("latin1") if isinstance(key, bytes) else key for key in batch)
    values = (getattr(value, "value", None) if isinstance(value, _Array) else value for value in batch.values())
    return dict(zip(names, values, strict=True))
