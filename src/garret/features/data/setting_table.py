"""The settings of the data room."""

from __future__ import annotations

from typing import Final

from garret.protocol.setting import Setting

SETTINGS: Final = (
    Setting(
        key="data.rows",
        type="int",
        default=10_000,
        minimum=1,
        maximum=5_000_000,
        sentence="How many rows one answer holds at most; what is beyond is not fetched, and that is said.",
        profile_scoped=True,
    ),
    Setting(
        key="data.megabytes",
        type="int",
        default=256,
        minimum=1,
        maximum=1_024,
        sentence="How many megabytes one answer holds at most.",
        profile_scoped=True,
    ),
    Setting(
        key="data.seconds",
        type="int",
        default=60,
        minimum=1,
        maximum=3_600,
        sentence="How many seconds a query may run before it is ended.",
        profile_scoped=True,
    ),
    Setting(
        key="data.model",
        type="text",
        default="unsure",
        choices=("off", "unsure", "always"),
        sentence="When the language model that was set reads questions: off, where the built-in reading is "
        "unsure, or always.",
        profile_scoped=True,
    ),
    Setting(
        key="data.results_megabytes",
        type="int",
        default=512,
        minimum=16,
        maximum=8_192,
        sentence="How many megabytes of answers are kept in memory; the oldest go first.",
    ),
    Setting(
        key="data.grace_minutes",
        type="int",
        default=1_440,
        minimum=1,
        maximum=525_600,
        sentence="How long cleared questions and sources can be brought back, in minutes.",
    ),
    Setting(
        key="data.ssh_config",
        type="path",
        default="",
        sentence="The file of ssh's configuration for sources that are reached by ssh; empty is your own.",
    ),
    Setting(
        key="data.catalogue_minutes",
        type="int",
        default=60,
        minimum=1,
        maximum=10_080,
        sentence="After how many minutes a source is asked again what tables it has.",
    ),
)
