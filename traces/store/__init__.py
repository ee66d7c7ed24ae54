"""Every SQL statement of Hark, one module per noun, behind ``Store.begin()`` and ``Store.read()``."""

from traces.store.engine import Store, Tx, open_store

__all__ = ["Store", "Tx", "open_store"]
