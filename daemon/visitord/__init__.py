"""visitord: recognises returning faces on camera and keeps a visit log in PostgreSQL."""

import os

os.environ.setdefault(
    "ORT_DISABLE_TELEMETRY", "1"
)  # else onnxruntime tells its maker what runs here

__version__ = "0.1.0"
