"""Every SQL statement of Hark, one module per noun, behind ``Store.begin()`` and ``Store.read()``."""

from traces.store.engine import DEFAULT_WORKSPACE, Store, Tx
from traces.store.opening import open_store

__all__ = ["DEFAULT_WORKSPACE", "Store", "Tx", "open_store"]
