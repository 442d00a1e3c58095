"""A language model's server that speaks the real protocols and plays what its model's name says.

A process of its own on a loopback port, which it prints. The name of the model asked for is the script:
`echo` answers with the last message, `json:TEXT` with TEXT, `turns:A|B` with A first and B when a refusal was
told; the others do what they say.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Handler(BaseHTTPRequestHandler):
    """Answers POST in the dialect that the path stands for."""

    protocol_version = "HTTP/1.1"
    asked: list[dict[str, Any]] = []  # noqa: RUF012  one server, one list

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's name
        """Say nothing."""

    def do_GET(self) -> None:
        self._plain(200, json.dumps(self.asked))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.asked.append({"path": self.path, "headers": dict(self.headers), "body": body})
        model = body.get("model") or self.path.partition("models/")[2].partition(":stream")[0]
        match model.partition(":")[0]:
            case "busy":
                self._plain(429, '{"error": {"message": "too many requests"}}')
            case "key":
                self._plain(401, '{"error": {"message": "bad key ' + self._key() + '"}}')
            case "lost":
                self._plain(404, '{"error": {"message": "no such model"}}')
            case "away":
                self.send_response(302)
                self.send_header("location", "http://127.0.0.1:1/elsewhere")
                self.send_header("content-length", "0")
                self.end_headers()
            case "no-schema" if "response_format" in body:
                self._plain(400, '{"error": {"message": "response_format is not supported"}}')
            case "whole":
                message = {"choices": [{"message": {"content": "all at once"}, "finish_reason": "stop"}]}
                self._plain(200, json.dumps(message))
            case "hang":
                time.sleep(60)
            case _:
                self._stream(model, body)

    def _key(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")

    def _plain(self, status: int, text: str) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, model: str, body: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            for event in self._events(model, body):
                self.wfile.write(event)
                self.wfile.flush()
        except OSError:
            return  # whoever asked went away

    def _events(self, model: str, body: dict[str, Any]) -> Iterator[bytes]:
        name, _, script = model.partition(":")
        last = json.dumps(body)
        match name:
            case _ if name in _ONCE:
                yield _ONCE[name]
            case "endless":
                while True:
                    yield _event({"choices": [{"delta": {"content": "and on " * 1000}}]})
            case "one-line":
                while True:
                    yield b"x" * 65_536
            case "slow":
                for _ in range(100):
                    yield _event({"choices": [{"delta": {"content": "drop "}}]})
                    time.sleep(0.1)
            case _:
                text = body["messages"][-1]["content"] if name in ("echo", "no-schema") else script
                if name == "turns":
                    first, _, second = script.partition("|")
                    text = second if "was_refused" in last else first
                yield from self._said(text)

    def _said(self, text: str) -> Iterator[bytes]:
        half = len(text) // 2
        if "/messages" in self.path:
            yield _event({"type": "message_start", "message": {"usage": {"input_tokens": 7}}})
            for part in (text[:half], text[half:]):
                yield _event({"type": "content_block_delta", "delta": {"type": "text_delta", "text": part}})
            yield _event(
                {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3}}
            )
        elif "streamGenerateContent" in self.path:
            for part, reason in ((text[:half], None), (text[half:], "STOP")):
                candidate: dict[str, Any] = {"content": {"parts": [{"text": part}]}}
                if reason:
                    candidate["finishReason"] = reason
                usage = {"promptTokenCount": 7, "candidatesTokenCount": 3}
                yield _event({"candidates": [candidate], "usageMetadata": usage})
        else:
            for part in (text[:half], text[half:]):
                yield _event({"choices": [{"delta": {"content": part}}]})
            usage = {"prompt_tokens": 7, "completion_tokens": 3}
            yield _event({"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": usage})
            yield b"data: [DONE]\n\n"


def _event(value: Any) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


_ONCE = {
    "no-json": b"data: {this is no JSON\n\n",
    "no-text": _event({"choices": [{"delta": {"content": {"not": "a text"}}}]}),
    "error": _event({"error": {"message": "the model fell over"}}),
    "half": _event({"choices": [{"delta": {"content": "half an ans"}}]}),
}


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()
