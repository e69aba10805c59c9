"""visitord: recognises returning faces on camera and keeps a visit log in PostgreSQL."""

__version__ = "0.1.0"
