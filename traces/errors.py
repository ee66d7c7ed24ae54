"""The error tree.

HarkError
├── BadInput            what somebody sent or wrote is wrong; one line says where and what to do
│   ├── TooLarge        a limit was passed
│   ├── Unsupported     a content type, encoding or format that Hark does not read
│   └── BadConfig       hark.toml or the environment is wrong; lists every mistake
├── Busy                cannot be taken now; try again after ``retry_after_s``
├── StoreUnavailable    the database cannot be read or written
│   └── NewerSchema     the database was written by a newer Hark
├── LeaseLost           another process does this now; nothing was written
└── Denied              the person may not do this
"""

from __future__ import annotations


class HarkError(Exception):
    """Something that Hark can say in one clear line."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadInput(HarkError):
    """Input that cannot be taken, named by file, line or field.

    Attributes:
        field: Dotted path of the field at fault, e.g. ``messages[3].role``; empty when it is the whole.
    """

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field


class TooLarge(BadInput):
    """Input beyond a limit."""


class Unsupported(BadInput):
    """A content type, encoding or format that Hark does not read."""


class BadConfig(BadInput):
    """Wrong settings, all mistakes at once.

    Attributes:
        mistakes: One line per mistake, each naming its key and the way out.
    """

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class Busy(HarkError):
    """Hark cannot take this now.

    Attributes:
        retry_after_s: Seconds after which a retry makes sense.
    """

    def __init__(self, message: str, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class StoreUnavailable(HarkError):
    """The database cannot be read or written now."""


class NewerSchema(StoreUnavailable):
    """The database was written by a newer Hark."""


class LeaseLost(HarkError):
    """Another process does this now; nothing was written."""


class Denied(HarkError):
    """The person may not do this."""
