"""The ledger: what was sent, as sent. Schema `sync` in its own file, which only the engine writes."""

from audiences.ledger.connection import Ledger, open_ledger

__all__ = ["Ledger", "open_ledger"]
