"""What may be allowed about dictation, and who has it by default, as data."""

from __future__ import annotations

from typing import Final

from garret.protocol.manifest import PROFILE_KINDS, Capability

CAPABILITIES: Final = (
    Capability("dictate.use", "Dictate, and import recordings.", ("cli", "shell", "gateway"), PROFILE_KINDS),
    Capability(
        "dictate.read_own",
        "See the dictations of one's own profile.",
        ("cli", "shell", "gateway"),
        ("admin", "user", "guest"),
    ),
    Capability("dictate.read", "See the dictations of every profile.", ("cli", "shell"), ("admin", "user")),
    Capability(
        "dictate.models", "Add, remove and choose speech models.", ("cli", "shell"), ("admin", "user")
    ),
    # A page may do what can be brought back; for good needs an approval, which the gateway's cannot give.
    Capability(
        "dictate.delete",
        "Delete a dictation, or bring it back.",
        ("cli", "shell", "gateway"),
        ("admin", "user"),
    ),
    Capability("worker.audio", "Decode and encode sound files."),
    Capability("worker.microphone", "Record from the microphone."),
    Capability("worker.stt", "Compute text from sound."),
    Capability("worker.text", "Clean up recognised text."),
)
