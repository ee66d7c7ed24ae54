"""What a team wants to be told whatever is usual: objectives whose error budget burns, and plain bounds."""

from alerts.rules.bounds import Bound
from alerts.rules.burn import Objective
from alerts.rules.watching import Rules, Told

__all__ = ["Bound", "Objective", "Rules", "Told"]
