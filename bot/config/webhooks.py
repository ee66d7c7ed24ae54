"""The settings of webhooks."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, SecretStr

from bot.config.section import Section
from traces.errors import BadInput


class WebhookSettings(Section):
    """What the webhooks of voice platforms prove themselves with; without it they need a key wherever others do."""

    retell_secret_env: str | None = Field(
        default=None,
        description="Environment variable that holds the Retell API key, with which Retell signs.",
        examples=["RETELL_API_KEY"],
    )
    vapi_secret_env: str | None = Field(
        default=None,
        description="Environment variable that holds the secret of Vapi's server credential.",
        examples=["VAPI_WEBHOOK_SECRET"],
    )
    elevenlabs_secret_env: str | None = Field(
        default=None,
        description="Environment variable that holds the secret of the ElevenLabs post-call webhook.",
        examples=["ELEVENLABS_WEBHOOK_SECRET"],
    )
    livekit_secret_env: str | None = Field(
        default=None,
        description="Environment variable that holds the bearer token that LiveKit agents send.",
        examples=["LIVEKIT_WEBHOOK_TOKEN"],
    )
    pipecat_secret_env: str | None = Field(
        default=None,
        description="Environment variable that holds the bearer token that Pipecat bots send.",
        examples=["PIPECAT_WEBHOOK_TOKEN"],
    )
    bland_secret_env: str | None = Field(
        default=None,
        description="Environment variable that holds Bland's webhook signing secret.",
        examples=["BLAND_WEBHOOK_SECRET"],
    )

    def secrets_in(self, environment: Mapping[str, str]) -> dict[str, SecretStr]:
        """The secret of each platform that has one.

        Raises:
            BadInput: A variable is named that is not set.
        """
        named = {
            "retell": self.retell_secret_env,
            "vapi": self.vapi_secret_env,
            "elevenlabs": self.elevenlabs_secret_env,
            "livekit": self.livekit_secret_env,
            "pipecat": self.pipecat_secret_env,
            "bland": self.bland_secret_env,
        }
        for platform, variable in named.items():
            if variable is not None and not environment.get(variable):
                raise BadInput(
                    f"the environment variable {variable} is not set; set it or remove {platform}_secret_env",
                    f"webhooks.{platform}_secret_env",
                )
        return {platform: SecretStr(environment[variable]) for platform, variable in named.items() if variable}
