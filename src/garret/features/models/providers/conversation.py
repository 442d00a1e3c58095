"""One request to a language model's server, and the events that come back.

Whatever the server does ends in an answer or a `ModelError`: it is given up when it is silent for too long,
sends what is no event, breaks off before it said that it ended, or answers without end. A server that does
not know how to keep to a schema is asked once more, in words. Redirects are not followed: the key would go
along.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any, Final, Self, cast

import httpx

from garret.base.errors import Code
from garret.features.models.contracts import Generate
from garret.features.models.providers.dialects import DIALECTS, Said, Stopped
from garret.features.models.providers.errors import ModelError

_EVENT_BYTES: Final = 1 << 20
_ERROR_BYTES: Final = 4_096
_CONNECT_SECONDS: Final = 10.0
_UNREADABLE: Final = (AttributeError, KeyError, TypeError, ValueError, IndexError)
_NO_SCHEMA: Final = frozenset({400, 404, 422, 501})


class Conversation:
    """A request under way. Use as a context manager; `cut` may come from another thread."""

    def __init__(self, asked: Generate, key: str) -> None:
        self._asked = asked
        self._key = key
        self._dialect = DIALECTS[asked.provider]
        self.stopped: Stopped = "end"
        self.tokens_in = 0
        self.tokens_out = 0
        timeout = httpx.Timeout(asked.seconds, connect=min(_CONNECT_SECONDS, asked.seconds))
        self._client = httpx.Client(timeout=timeout, trust_env=False, follow_redirects=False)
        self._response: httpx.Response | None = None
        self._cut = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def cut(self) -> None:
        """End it from another thread: whoever reads gets a ModelError."""
        self._cut.set()
        response = self._response
        stream = None if response is None else response.extensions.get("network_stream")
        if stream is not None:
            # A reader that waits in the kernel wakes when its socket is shut down, not when it is closed.
            raw = stream.get_extra_info("socket")
            if raw is not None:
                with contextlib.suppress(OSError):
                    raw.shutdown(socket.SHUT_RDWR)

    def pieces(self) -> Iterator[str]:
        """The answer as it comes. Raises ModelError."""
        try:
            structured = self._asked.schema is not None
            response = self._send(structured=structured)
            if structured and response.status_code in _NO_SCHEMA:
                response.close()
                response = self._send(structured=False)
            with contextlib.closing(response):
                yield from self._read(response)
        except httpx.TimeoutException as error:
            raise ModelError(
                f"The model at {self._where} was silent for {self._asked.seconds:.0f} s and was given up. "
                "Try again, or set models.seconds higher."
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise ModelError(
                f"The model's server at {self._where} could not be reached, or broke off: {_short(error)}. "
                "See that it runs, and models.address."
            ) from error

    @property
    def _where(self) -> str:
        return self._asked.address

    def _send(self, *, structured: bool) -> httpx.Response:
        sent = self._dialect.request(self._asked, self._key, structured=structured)
        request = self._client.build_request("POST", sent.url, headers=sent.headers, json=sent.body)
        self._response = self._client.send(request, stream=True)
        if self._cut.is_set():
            self.cut()
        return self._response

    def _read(self, response: httpx.Response) -> Iterator[str]:
        if response.status_code != 200:
            raise self._refused(response)
        ended = False
        for event in self._events(response):
            said = self._said(event)
            if said.problem:
                raise ModelError(
                    f"The model's server says: {said.problem}. Nothing was done with its answer."
                )
            self.tokens_in = said.tokens_in or self.tokens_in
            self.tokens_out = said.tokens_out or self.tokens_out
            if said.stopped is not None:
                self.stopped, ended = said.stopped, True
            if said.text:
                yield said.text
        if not ended:
            raise ModelError(
                f"The model's server at {self._where} broke off in the middle of its answer. Try again."
            )

    def _said(self, event: Any) -> Said:
        try:
            return self._dialect.read(event)
        except _UNREADABLE as error:
            raise self._strange() from error

    def _events(self, response: httpx.Response) -> Iterator[Any]:
        """The JSON values of server-sent events, or the one JSON value of a server that does not stream."""
        if "text/event-stream" not in response.headers.get("content-type", "text/event-stream"):
            yield self._value(self._whole(response))
            return
        data: list[str] = []
        for line in self._lines(response):
            if line.startswith("data:"):
                data.append(line[5:].removeprefix(" "))
            elif not line and data:
                text = "\n".join(data)
                data.clear()
                if text.strip() == "[DONE]":
                    return
                yield self._value(text)
        if data and "\n".join(data).strip() != "[DONE]":
            yield self._value("\n".join(data))

    def _lines(self, response: httpx.Response) -> Iterator[str]:
        waiting = b""
        for part in response.iter_bytes():
            *lines, waiting = (waiting + part).split(b"\n")
            if len(waiting) > _EVENT_BYTES:
                raise self._strange()
            for line in lines:
                yield line.rstrip(b"\r").decode("utf-8", "replace")
        if waiting:
            yield waiting.rstrip(b"\r").decode("utf-8", "replace")

    def _whole(self, response: httpx.Response) -> str:
        body = b""
        for part in response.iter_bytes():
            body += part
            if len(body) > _EVENT_BYTES:
                raise self._strange()
        return body.decode("utf-8", "replace")

    def _value(self, text: str) -> Any:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise self._strange() from error
        if not isinstance(value, dict):
            raise self._strange()
        return cast("dict[str, Any]", value)

    def _strange(self) -> ModelError:
        return ModelError(
            f"What the server at {self._where} sent is no answer of a model. See models.address and "
            "models.provider.",
            code=Code.INVALID,
        )

    def _refused(self, response: httpx.Response) -> ModelError:
        said = b""
        for part in response.iter_bytes():
            said += part
            if len(said) >= _ERROR_BYTES:
                break
        text = said[:_ERROR_BYTES].decode("utf-8", "replace")
        if self._key:
            text = text.replace(self._key, "***")
        with contextlib.suppress(*_UNREADABLE, RecursionError):
            text = self._dialect.read(json.loads(text)).problem or text
        match response.status_code:
            case 401 | 403:
                what = "does not take the key: set it with `garret secrets set models.key`"
            case 404:
                what = f"does not know the model {self._asked.model!r}, or models.address is not its address"
            case 429:
                what = "says that there were too many requests, or that the quota is used up; try later"
            case status if 300 <= status < 400:
                what = "sends us elsewhere, which is not followed; set models.address to where it is"
            case status:
                what = f"answers with HTTP {status}"
        return ModelError(f"The model's server at {self._where} {what}. It says: {text.strip()[:200]}")


def _short(error: Exception) -> str:
    return str(error)[:160] or "no reason was given"
