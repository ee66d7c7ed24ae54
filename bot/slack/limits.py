"""Slack's limits, in one table. Lengths are counted in UTF-16 code units, the strictest reading of "characters".

From the Block Kit reference (docs.slack.dev/reference/block-kit) and the constants of slack_sdk 3.47; where those
disagree the stricter figure stands.
"""

from __future__ import annotations

from typing import Final

MESSAGE_BLOCKS: Final = 50
VIEW_BLOCKS: Final = 100
VIEW_BYTES: Final = 250_000
MESSAGE_TEXT: Final = 40_000
# Undocumented: chat.postMessage was seen to answer msg_blocks_too_long from 11,341 characters on.
MESSAGE_BLOCKS_TEXT: Final = 11_000
METADATA_BYTES: Final = 8_000

ID: Final = 255
PRIVATE_METADATA: Final = 3_000
VIEW_TITLE: Final = 24

TEXT: Final = 3_000
HEADER: Final = 150
SECTION_TEXT: Final = 3_000
FIELDS: Final = 10
FIELD_TEXT: Final = 2_000
CONTEXT_ELEMENTS: Final = 10
ACTIONS_ELEMENTS: Final = 25
CONTEXT_ACTIONS_ELEMENTS: Final = 5
MARKDOWN_TEXT: Final = 12_000
URL: Final = 3_000
ALT_TEXT: Final = 2_000
IMAGE_TITLE: Final = 2_000
LABEL: Final = 2_000

BUTTON_TEXT: Final = 75
BUTTON_VALUE: Final = 2_000
OPTIONS: Final = 100
CHOICES: Final = 10
OVERFLOW_OPTIONS: Final = 5
OPTION_TEXT: Final = 75
OPTION_VALUE: Final = 150
PLACEHOLDER: Final = 150
INPUT_TEXT: Final = 3_000
CONFIRM_TITLE: Final = 100
CONFIRM_TEXT: Final = 300
CONFIRM_BUTTON: Final = 30

TABLES: Final = 1
TABLE_ROWS: Final = 100
TABLE_CELLS: Final = 20
TABLE_TEXT: Final = 10_000
DATA_TABLE_ROWS: Final = 101
PAGE_SIZE: Final = 100

CHARTS: Final = 2
CHART_TITLE: Final = 50
CHART_SERIES: Final = 6
CHART_POINTS: Final = 20
CHART_LABEL: Final = 20

CARD_BUTTONS: Final = 3
CARD_TITLE: Final = 150
CARD_BODY: Final = 200
CAROUSEL_CARDS: Final = 10
CONTAINER_CHILDREN: Final = 10


def length(text: str) -> int:
    """Length in UTF-16 code units: an emoji beyond the basic plane counts twice."""
    return len(text) + sum(1 for character in text if character > "\uffff")
