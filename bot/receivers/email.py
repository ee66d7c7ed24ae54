"""Mail: one message when an alert opens, acknowledged or is over; the messages of an alert are one thread."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final, Literal, TypeAlias

from bot.receivers.base import Notice
from traces.errors import BadInput, Busy
from traces.model import AlertState

Connect: TypeAlias = Callable[[], smtplib.SMTP]
_TIMEOUT_S: Final = 20
_RETRY_S: Final = 60
_TEMPORARY: Final = range(400, 500)
_LEADS: Final = {
    AlertState.OPEN: "",
    AlertState.ACKNOWLEDGED: "Acknowledged: ",
    AlertState.SNOOZED: "Snoozed: ",
    AlertState.RESOLVED: "Resolved: ",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mail is handed in."""

    host: str
    port: int
    tls: Literal["starttls", "tls", "none"]
    user: str | None = None
    password: str | None = None

    def connect(self) -> smtplib.SMTP:
        """A connection that is encrypted and signed in, as far as that is asked for."""
        context = ssl.create_default_context()
        if self.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=_TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=_TIMEOUT_S)
        with ExitStack() as refused:
            refused.callback(server.close)
            if self.tls == "starttls":
                server.starttls(context=context)
            if self.user is not None and self.password is not None:
                server.login(self.user, self.password)
            refused.pop_all()
        return server


class Mail:
    """Sends notices by mail."""

    def __init__(self, connect: Connect, sender: str, to: Sequence[str]) -> None:
        self._connect = connect
        self._sender = sender
        self._to = tuple(to)

    def tell(self, notice: Notice) -> None:
        try:
            with self._connect() as server:
                server.send_message(self.message(notice))
        except smtplib.SMTPResponseException as error:
            raise _refused("it", error.smtp_code) from None
        except smtplib.SMTPRecipientsRefused as error:
            raise _refused("every recipient", max(code for code, _ in error.recipients.values())) from None
        except smtplib.SMTPNotSupportedError:
            raise BadInput("the mail server cannot do what receivers.NAME.tls or user asks for") from None
        except (smtplib.SMTPException, OSError) as error:
            raise Busy(f"the mail server cannot be reached now: {type(error).__name__}", _RETRY_S) from None

    def message(self, notice: Notice) -> EmailMessage:
        """The mail about a notice, in plain text."""
        message = EmailMessage()
        message["From"], message["To"] = self._sender, ", ".join(self._to)
        message["Subject"] = " ".join(f"{_LEADS[notice.state]}{notice.line}".split())
        message["Date"] = format_datetime(notice.updated_at)
        domain = self._sender.rpartition("@")[2].strip("> ") or "hark"
        root = f"<{notice.alert_id}@{domain}>"
        if notice.is_first:
            message["Message-ID"] = root
        else:
            told = f"{notice.state.value}.{int(notice.updated_at.timestamp())}"
            message["Message-ID"] = f"<{notice.alert_id}.{told}@{domain}>"
            message["In-Reply-To"] = message["References"] = root
        lines = [notice.line, "", notice.text, "", *(f"{key}: {value}" for key, value in notice.segment.items())]
        message.set_content("\n".join([*lines, "", notice.url or f"Alert {notice.alert_id}"]))
        return message


def _refused(what: str, code: int) -> Busy | BadInput:
    if code in _TEMPORARY:
        return Busy(f"the mail server refuses {what} for now ({code})", _RETRY_S)
    return BadInput(f"the mail server refuses {what} ({code})")
