"""Detector ``openai``: a model behind any service that speaks OpenAI's chat API.

The official client does the work: it repeats what a busy or broken service refused, with
growing, random pauses. Its errors may quote the request, so none is passed on.
"""

import asyncio
import os
from typing import Any

from pydantic import SecretStr

from maskray.errors import ConfigError, DetectionError, ModelReplyError, ServiceDownError
from maskray.model import Question, Reply, endpoint_model, run
from maskray.settings import EndpointSettings, Settings

_NO_KEY = "none"
"""Services of one's own need no key, the client does."""


def endpoint_key(settings: EndpointSettings) -> SecretStr:
    """The key from the environment; whoever starts actors elsewhere passes it on."""
    return SecretStr(os.environ.get(settings.key_variable, "") or _NO_KEY)


class Endpoint:
    """Carries questions to a service. To be used from one event loop.

    Raises:
        ConfigError: If the settings name no service.
        ServiceDownError: If the package ``openai`` is missing.
    """

    def __init__(self, settings: Settings, key: SecretStr | None = None) -> None:
        try:
            import openai
        except ImportError:
            raise ServiceDownError("the package openai is missing: install it") from None
        place = settings.model.endpoint
        if place.base_url is None:
            raise ConfigError("config: model.endpoint.base_url is missing")
        self._openai = openai
        self._settings = place
        self._model = endpoint_model(settings)
        self._patience_s = settings.model.timeout_s * (1 + place.retries)
        self._client: Any = openai.AsyncOpenAI(
            base_url=place.base_url,
            api_key=(key or endpoint_key(place)).get_secret_value(),
            timeout=settings.model.timeout_s,
            max_retries=place.retries,
        )

    async def ask(self, question: Question) -> Reply:
        """The reply to one question.

        Raises:
            DetectionError: If the service gave none.
        """
        image = {"type": "image_url", "image_url": {"url": question.data_url}}
        try:
            async with asyncio.timeout(self._patience_s):
                done = await self._client.chat.completions.create(
                    model=self._model,
                    messages=question.chat(image),
                    max_completion_tokens=question.max_tokens,
                    temperature=question.temperature,
                    seed=question.seed,
                    **self._format(question),
                )
        except (TimeoutError, self._openai.APITimeoutError):
            raise DetectionError("no reply in time", "model_timeout", "detect") from None
        except self._openai.APIConnectionError:
            raise DetectionError(
                "the service is not there", "model_unreachable", "detect"
            ) from None
        except (self._openai.RateLimitError, self._openai.InternalServerError):
            raise DetectionError(
                "the service is overloaded or broken", "model_unavailable", "detect"
            ) from None
        except self._openai.APIStatusError:
            raise DetectionError(
                "the service refused the request", "request_refused", "detect"
            ) from None
        except (self._openai.OpenAIError, ValueError, TypeError, AttributeError):
            raise ModelReplyError(
                "the reply is no chat completion", stage="detect"
            ) from None
        return _reply(done)

    def _format(self, question: Question) -> dict[str, Any]:
        if self._settings.reply_format == "none":
            return {}
        if self._settings.reply_format == "json_object":
            return {"response_format": {"type": "json_object"}}
        wanted = {"name": "phi", "strict": True, "schema": dict(question.schema)}
        return {"response_format": {"type": "json_schema", "json_schema": wanted}}

    async def _models(self) -> None:
        await self._client.with_options(max_retries=0).models.list()

    def check(self) -> None:
        """Knocks at the service before a run starts.

        Raises:
            ServiceDownError: If nothing answers there, or it is broken.
            ConfigError: If it refuses the key.
        """
        try:
            run(self._models())
        except self._openai.APIConnectionError:
            raise ServiceDownError("model.endpoint: no service answers there") from None
        except (self._openai.AuthenticationError, self._openai.PermissionDeniedError):
            raise ConfigError(
                f"model.endpoint: the key in {self._settings.key_variable} is refused"
            ) from None
        except self._openai.InternalServerError:
            raise ServiceDownError("model.endpoint: the service is broken") from None
        except (self._openai.OpenAIError, ValueError, TypeError, AttributeError):
            return  # it answers, but lists no models: not all services do


def _reply(done: Any) -> Reply:
    """The reply inside a completion. Services fill it in as they like.

    Raises:
        ModelReplyError: If there is none inside.
    """
    try:
        choice = done.choices[0]
        message, usage = choice.message, done.usage
        refused = bool(message.refusal) or choice.finish_reason == "content_filter"
        return Reply(
            str(message.content or ""),
            choice.finish_reason,
            int(usage.prompt_tokens) if usage else 0,
            int(usage.completion_tokens) if usage else 0,
            refused,
        )
    except (AttributeError, IndexError, TypeError, ValueError):
        raise ModelReplyError("the reply is no chat completion", stage="detect") from None
