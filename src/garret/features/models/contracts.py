"""What language models are asked and answer, whoever runs them. Other rooms may import it."""

from __future__ import annotations

from typing import Any, Literal

from garret.protocol.contract import Command, Contract, command
from garret.protocol.finding import Findings


class Message(Contract, frozen=True):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    text: str


class Piece(Contract, frozen=True):
    """Text as it comes."""

    text: str


class Completion(Contract, frozen=True):
    """What a model answered. `model` names it; tokens as its provider counts them, 0 where it does not."""

    text: str
    model: str
    stopped: Literal["end", "length", "filter"]
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    first: float = 0.0


class Available(Contract, frozen=True):
    """Whether a model can be asked now: `where` is its host, `cloud` that it is not on this machine."""

    ready: bool
    model: str = ""
    where: str = ""
    cloud: bool = False
    why: str = ""


@command("models.complete", result=Completion, capability="models.use", items=Piece, timeout=300.0)
class Complete(Command[Completion], frozen=True):
    """Have the model of the settings go on from messages, streamed as it comes.

    `schema` is a JSON schema that the answer is to keep to; where the provider cannot promise that, it is
    asked for in words, and whoever asked checks. A model beyond this machine is asked only where
    `models.cloud` is on.
    """

    messages: tuple[Message, ...]
    schema: dict[str, Any] | None = None
    most_tokens: int = 1_024
    temperature: float = 0.0


@command("models.available", result=Available, capability="models.use")
class GetAvailable(Command[Available], frozen=True):
    """Whether a model can be asked, which, and where; nothing is asked of it."""


@command("llm.generate", result=Completion, capability="worker.llm", target="llm", items=Piece, timeout=300.0)
class Generate(Command[Completion], frozen=True):
    """What the worker is asked: the same, with where and how."""

    provider: Literal["openai", "anthropic", "gemini"]
    address: str
    model: str
    messages: tuple[Message, ...]
    schema: dict[str, Any] | None
    most_tokens: int
    temperature: float
    seconds: float


@command("models.examine", result=Findings, capability="models.use")
class Examine(Command[Findings], frozen=True):
    """Whether a model is set, and whether it may be asked."""
