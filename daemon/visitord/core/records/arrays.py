"""Arrays that say their shape, and embeddings as they are kept in JSON."""

from base64 import b64decode, b64encode
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import PlainSerializer, PlainValidator

Image = NDArray[np.uint8]
"""A picture, (h, w, 3) BGR."""

Gray = NDArray[np.uint8]
"""A picture's brightness, (h, w)."""


def _from_json(value: str | list[float]) -> NDArray[np.float32]:
    if isinstance(value, str):
        return np.frombuffer(b64decode(value), "<f4")
    return np.array(value, np.float32)


def _to_json(embedding: NDArray[np.float32]) -> str:
    return b64encode(embedding.astype("<f4").tobytes()).decode()


Embedding = Annotated[
    NDArray[np.float32],
    PlainValidator(_from_json),
    PlainSerializer(_to_json),
]
"""What a face looks like to one recogniser, (d,) of unit length.

In JSON it is the bytes of its little-endian numbers in Base64, formerly a list of numbers.
"""


def check_array(array: np.ndarray, shape: tuple[int | None, ...], dtype: type, what: str) -> None:
    """Raises ValueError for an array of another shape or type.

    Parameters
    ----------
    array
        What arrived.
    shape
        What it should measure, None where any length will do.
    dtype
        Of its elements.
    what
        What it is, in words.
    """
    fits = array.ndim == len(shape) and all(
        wanted is None or wanted == got for wanted, got in zip(shape, array.shape, strict=True)
    )
    if fits and array.dtype == dtype:
        return

    spelt = tuple("n" if wanted is None else wanted for wanted in shape)
    raise ValueError(
        f"{what} must be {np.dtype(dtype).name} {spelt}, got {array.dtype} {array.shape}"
    )
