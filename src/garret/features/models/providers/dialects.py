"""How requests and answers look in each provider's dialect. Pure.

Sources: the providers' published interfaces (OpenAI chat completions, Anthropic messages of version
2023-06-01, Gemini streamGenerateContent). Each streams server-sent events, one JSON value an event.
"""

from __future__ import annotations

import json
from typing import Any, Final, Literal, NamedTuple, Protocol, cast

from garret.features.models.contracts import Generate, Message

Stopped = Literal["end", "length", "filter"]


class Sent(NamedTuple):
    """A request: its address, headers and JSON body."""

    url: str
    headers: dict[str, str]
    body: dict[str, Any]


class Said(NamedTuple):
    """What one event said; None and 0 where it did not."""

    text: str = ""
    stopped: Stopped | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    problem: str = ""


class Dialect(Protocol):
    """One provider's way to speak."""

    def request(self, asked: Generate, key: str, *, structured: bool) -> Sent:
        """`structured` asks the server to keep to the schema; else words do."""
        ...

    def read(self, event: Any) -> Said:
        """What an event says. Raises KeyError, TypeError or ValueError for one that is none."""
        ...


_ASK_JSON: Final = (
    "Answer with one JSON value and nothing else, no explanation and no code fence. It keeps to this schema: "
)


def _in_words(asked: Generate) -> tuple[Message, ...]:
    """The messages, with the schema asked for in words."""
    if asked.schema is None:
        return asked.messages
    schema = json.dumps(asked.schema, ensure_ascii=False, separators=(",", ":"))
    return (*asked.messages[:-1], *(
        Message(role=last.role, text=f"{last.text}\n\n{_ASK_JSON}{schema}") for last in asked.messages[-1:]
    ))  # fmt: skip


class OpenAI:
    """OpenAI's chat completions, which most local servers speak."""

    _STOPPED: Final[dict[str, Stopped]] = {"stop": "end", "length": "length", "content_filter": "filter"}

    def request(self, asked: Generate, key: str, *, structured: bool) -> Sent:
        messages = asked.messages if structured else _in_words(asked)
        body: dict[str, Any] = {
            "model": asked.model,
            "messages": [{"role": each.role, "content": each.text} for each in messages],
            "max_tokens": asked.most_tokens,
            "temperature": asked.temperature,
            "stream": True,
        }
        if structured and asked.schema is not None:
            named = {"name": "answer", "strict": True, "schema": asked.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        headers = {"authorization": f"Bearer {key}"} if key else {}
        return Sent(f"{asked.address}/chat/completions", headers, body)

    def read(self, event: Any) -> Said:
        if (problem := event.get("error")) is not None:
            return Said(problem=_problem(problem))
        usage = _part(event, "usage")
        counted = (int(usage.get("prompt_tokens") or 0), int(usage.get("completion_tokens") or 0))
        choices = _list(event, "choices")
        if not choices:
            return Said("", None, *counted)
        reason: Any = choices[0].get("finish_reason")
        said = _part(choices[0], "delta") or _part(choices[0], "message")
        text: Any = said.get("content") or ""
        return Said(_text(text), self._STOPPED.get(reason, "end") if reason else None, *counted)


class Anthropic:
    """Anthropic's messages."""

    _STOPPED: Final[dict[str, Stopped]] = {
        "end_turn": "end", "stop_sequence": "end", "max_tokens": "length", "refusal": "filter",
    }  # fmt: skip

    def request(self, asked: Generate, key: str, *, structured: bool) -> Sent:
        del structured  # the schema is asked for in words; whoever asked checks
        messages = _in_words(asked)
        body: dict[str, Any] = {
            "model": asked.model,
            "system": "\n\n".join(each.text for each in messages if each.role == "system"),
            "messages": [
                {"role": each.role, "content": each.text} for each in messages if each.role != "system"
            ],
            "max_tokens": asked.most_tokens,
            "temperature": asked.temperature,
            "stream": True,
        }
        headers = {"x-api-key": key, "anthropic-version": "2023-06-01"}
        return Sent(f"{asked.address}/v1/messages", headers, body)

    def read(self, event: Any) -> Said:
        match event.get("type"):
            case "error":
                return Said(problem=_problem(event["error"]))
            case "message_start":
                usage = _part(event["message"], "usage")
                return Said(tokens_in=int(usage.get("input_tokens") or 0))
            case "content_block_delta":
                return Said(_text(event["delta"].get("text") or ""))
            case "message_delta":
                reason = event["delta"].get("stop_reason")
                tokens = int(_part(event, "usage").get("output_tokens") or 0)
                return Said(stopped=self._STOPPED.get(reason, "end") if reason else None, tokens_out=tokens)
            case _:
                return Said()


class Gemini:
    """Google's generateContent, streamed."""

    _STOPPED: Final[dict[str, Stopped]] = {"STOP": "end", "MAX_TOKENS": "length"}

    def request(self, asked: Generate, key: str, *, structured: bool) -> Sent:
        messages = asked.messages if structured else _in_words(asked)
        settings: dict[str, Any] = {"maxOutputTokens": asked.most_tokens, "temperature": asked.temperature}
        if structured and asked.schema is not None:
            settings |= {"responseMimeType": "application/json", "responseJsonSchema": asked.schema}
        roles = {"user": "user", "assistant": "model"}
        body: dict[str, Any] = {
            "contents": [
                {"role": roles[each.role], "parts": [{"text": each.text}]}
                for each in messages
                if each.role != "system"
            ],
            "generationConfig": settings,
        }
        if system := [{"text": each.text} for each in messages if each.role == "system"]:
            body["systemInstruction"] = {"parts": system}
        url = f"{asked.address}/v1beta/models/{asked.model}:streamGenerateContent?alt=sse"
        return Sent(url, {"x-goog-api-key": key} if key else {}, body)

    def read(self, event: Any) -> Said:
        if (problem := event.get("error")) is not None:
            return Said(problem=_problem(problem))
        usage = _part(event, "usageMetadata")
        counted = (int(usage.get("promptTokenCount") or 0), int(usage.get("candidatesTokenCount") or 0))
        candidates = _list(event, "candidates")
        if not candidates:
            return Said("", "filter" if event.get("promptFeedback") else None, *counted)
        parts = _list(_part(candidates[0], "content"), "parts")
        text = "".join(_text(part.get("text") or "") for part in parts)
        reason: Any = candidates[0].get("finishReason")
        return Said(text, self._STOPPED.get(reason, "filter") if reason else None, *counted)


DIALECTS: Final[dict[str, Dialect]] = {"openai": OpenAI(), "anthropic": Anthropic(), "gemini": Gemini()}


def _part(value: Any, key: str) -> dict[str, Any]:
    found: dict[str, Any] = value.get(key) or {}
    return found


def _list(value: Any, key: str) -> list[Any]:
    found: list[Any] = value.get(key) or []
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is no text")
    return value


def _problem(value: Any) -> str:
    """What an error says, whatever its shape."""
    said: Any = cast("dict[str, Any]", value).get("message") if isinstance(value, dict) else value
    return str(said)[:300]
