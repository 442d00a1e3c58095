"""The models room: its manifest."""

from __future__ import annotations

from garret.features.models import contracts as c
from garret.protocol.manifest import (
    MIB,
    PROFILE_KINDS,
    Capability,
    Destination,
    Grants,
    Room,
    WorkerSpec,
)
from garret.protocol.setting import Setting

KEY = "models.key"

LLM = WorkerSpec(
    name="llm",
    entry="garret.features.models.worker:build_llm",
    grants=Grants(memory_bytes=512 * MIB),
    concurrency=8,
    settings=("models.address",),
    secrets=(KEY,),
    destinations=(
        Destination("{setting:models.address}", (), "asking the language model that was set", local=True),
    ),
)

ROOM = Room(
    name="models",
    summary="Language models, on this machine or elsewhere.",
    commands=(c.Complete, c.GetAvailable, c.Generate, c.Examine),
    capabilities=(
        Capability(
            "models.use",
            "Ask the language model that was set.",
            ("cli", "shell", "gateway"),
            PROFILE_KINDS,
        ),
        Capability("worker.llm", "Speak to a language model's server."),
    ),
    settings=(
        Setting(
            key="models.provider",
            type="text",
            default="",
            choices=("", "openai", "anthropic", "gemini"),
            sentence="How the language model's server speaks: openai fits Ollama, LM Studio, llama.cpp and "
            "vLLM too; empty asks none.",
        ),
        Setting(
            key="models.address",
            type="text",
            default="",
            pattern=r"(https?://[^\s@?#]+)?",
            sentence="Where the language model's server is, such as an address that ends in /v1.",
        ),
        Setting(
            key="models.model",
            type="text",
            default="",
            maximum=200,
            sentence="Which of its server's models is asked, by the server's name for it.",
        ),
        Setting(
            key="models.cloud",
            type="bool",
            default=False,
            sentence="Whether a language model beyond this machine may be asked; what is asked goes there.",
            profile_scoped=True,
        ),
        Setting(
            key="models.seconds",
            type="int",
            default=60,
            minimum=1,
            maximum=600,
            sentence="How many seconds a language model may be silent before it is given up.",
        ),
        Setting(
            key=KEY,
            type="text",
            default=None,
            secret=True,
            sentence="The key that the language model's server asks for, if it does.",
        ),
    ),
    workers=(LLM,),
    service="garret.features.models.service:ModelsService",
    examination=c.Examine,
)
