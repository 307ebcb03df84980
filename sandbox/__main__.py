"""``python -m sandbox`` is ``bank-sandbox``."""

from sandbox.cli import main

main()
