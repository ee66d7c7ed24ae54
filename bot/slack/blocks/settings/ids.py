"""What the buttons, menus and windows of the settings are called."""

from __future__ import annotations

from typing import Final

SIGNALS: Final = "settings_signals"
SENSITIVITY: Final = "settings_sensitivity"
ROUTES: Final = "settings_routes"
ROLES: Final = "settings_roles"
QUIET: Final = "settings_quiet"
UNDO: Final = "settings_undo"
SIGNAL: Final = "settings_signal"
PREVIOUS: Final = "settings_previous"
NEXT: Final = "settings_next"
ROUTE: Final = "settings_route"
ROUTE_ADD: Final = "settings_route_add"
PREVIEW: Final = "settings_preview"

SIGNAL_FORM: Final = "settings_signal_form"
SENSITIVITY_FORM: Final = "settings_sensitivity_form"
ROUTE_FORM: Final = "settings_route_form"
ROLES_FORM: Final = "settings_roles_form"
QUIET_FORM: Final = "settings_quiet_form"

ALL: Final = "all"
NEW: Final = "new"
SURE: Final = "sure"
CHANGE: Final = "change"
EARLIER: Final = "up"
LATER: Final = "down"
REMOVE: Final = "remove"
