"""A small provider (電子決済等代行業者): links a bank account and keeps its own copy of it.

Written as anybody would write it against the bank's documents: it knows no sandbox.
"""
