"""An async sandbox of a Japanese bank's open API."""

__version__ = "0.1.0"
