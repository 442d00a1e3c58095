"""The settings of the dictation room."""

from __future__ import annotations

from garret.features.dictate.text.commands import BUILT_IN
from garret.protocol.setting import Setting

SETTINGS = (
    Setting(
        key="dictate.engine",
        type="text",
        default="auto",
        choices=("auto", "pocketsphinx", "sherpa", "whisper"),
        sentence="The engine that turns speech into text; auto is whisper where it and a model are there, "
        "else pocketsphinx.",
    ),
    Setting(
        key="dictate.language",
        type="text",
        default="en",
        pattern="[a-z]{2,3}(-[A-Za-z0-9]+)*",
        sentence="The language that is spoken, as an IETF tag such as en.",
    ),
    Setting(
        key="dictate.workers",
        type="int",
        default=0,
        minimum=0,
        maximum=64,
        sentence=(
            "How many parts of a recording are recognised at once; 0: one less than the processors. "
            "Counts from the next start."
        ),
    ),
    Setting(
        key="dictate.warm_engines",
        type="int",
        default=0,
        minimum=0,
        maximum=4,
        sentence=(
            "How many more engines are kept loaded, so that a lost one is replaced without a wait. "
            "Counts from the next start."
        ),
    ),
    Setting(
        key="dictate.threads",
        type="int",
        default=0,
        minimum=0,
        maximum=64,
        sentence="How many threads one recognition uses; 0 is one, on two cores as fast as two.",
    ),
    Setting(
        key="dictate.whisper_model",
        type="path",
        default="",
        sentence="The Whisper model: a name from `garret models list`, or a folder; empty: the best there.",
    ),
    Setting(
        key="dictate.sherpa_model",
        type="path",
        default="",
        sentence="The sherpa-onnx model: a name from `garret models list`, or a folder; empty: the first.",
    ),
    Setting(
        key="dictate.cleanup",
        type="list",
        default=["fillers", "repeats", "punctuation", "numbers", "casing", "vocabulary"],
        choices=("fillers", "repeats", "punctuation", "numbers", "casing", "vocabulary"),
        sentence="Which steps of the clean-up are used.",
        profile_scoped=True,
    ),
    Setting(
        key="dictate.sentence_pause",
        type="float",
        default=0.7,
        minimum=0.0,
        maximum=60.0,
        sentence="The pause, in seconds, that ends a sentence where the engine writes no punctuation; "
        "shorter than 0.6 is as 0.6, and 0 ends none.",
        profile_scoped=True,
    ),
    Setting(
        key="dictate.vocabulary",
        type="json",
        default={},
        sentence="Your own words: what is heard, and what is to be written for it.",
        profile_scoped=True,
    ),
    Setting(
        key="dictate.commands",
        type="json",
        default={},
        sentence="Your own spoken commands: a phrase, and what it does or writes.",
        profile_scoped=True,
    ),
    Setting(
        key="dictate.commands_off",
        type="list",
        default=[],
        choices=("all", *BUILT_IN),
        sentence="Spoken commands that are never carried out, by their phrases; all: your own as well.",
        profile_scoped=True,
    ),
    Setting(
        key="dictate.longest_hours",
        type="float",
        default=12.0,
        minimum=0.01,
        maximum=48.0,
        sentence="The longest recording that is taken, in hours.",
    ),
    Setting(
        key="dictate.keep_audio_days",
        type="int",
        default=30,
        minimum=0,
        maximum=3_650,
        sentence="How long the audio of an utterance is kept, in days; 0 deletes it once its text is there.",
    ),
    Setting(
        key="dictate.keep_audio_mebibytes",
        type="int",
        default=2_048,
        minimum=0,
        maximum=1_048_576,
        sentence="How much room kept audio may take, in MiB; the oldest goes first.",
    ),
    Setting(
        key="dictate.grace_minutes",
        type="int",
        default=1_440,
        minimum=1,
        maximum=525_600,
        sentence="How long a deleted dictation can be brought back, in minutes; then it is gone for good.",
    ),
    Setting(
        key="dictate.device",
        type="text",
        default="",
        sentence="The microphone, by its name or id; empty is the system's own choice.",
    ),
)
