"""Which kind of sherpa-onnx model a folder holds, told by its files and their metadata.

Accepted layouts (a name may have a prefix, as `epoch-99-encoder.onnx`; `*.int8.onnx` is preferred):

| files | kind |
|---|---|
| encoder, decoder, joiner | transducer: icefall zipformer, conformer, LSTM; NeMo RNN-T and TDT |
| encoder, decoder; encoder says `model_type` whisper-... | Whisper as exported for sherpa-onnx |
| model; says EncDecCTC... or EncDecHybrid... | NeMo CTC |
| model; says zipformer2_ctc | icefall zipformer CTC |

and beside them tokens.txt (or `*-tokens.txt`). A model is streaming when its metadata gives the length of
a chunk. sherpa-onnx ends the whole process on metadata it misses, so what it needs is checked here first.

Neighbours: `sherpa` opens what was found; `onnx_metadata` reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from garret.features.dictate.engines.contract import EngineConfig
from garret.features.dictate.engines.model_folder import first, lacking, open_folder, unusable
from garret.features.dictate.engines.onnx_metadata import MetadataError, read_metadata

Kind = Literal["transducer", "nemo_transducer", "nemo_ctc", "zipformer_ctc", "whisper"]

_BLANKS = ("<blk>", "<eps>", "<blank>")
_CHUNK_KEYS = ("decode_chunk_len", "window_size", "chunk_size", "chunk_shift")
_FRAME_SECONDS = 0.01

_NEMO_CACHES = tuple(f"cache_last_{name}_dim{place}" for name in ("channel", "time") for place in (1, 2, 3))
_NEEDED: dict[tuple[Kind, bool], tuple[str, ...]] = {
    ("nemo_ctc", False): ("vocab_size", "subsampling_factor"),
    ("nemo_ctc", True): ("vocab_size", "subsampling_factor", "window_size", "chunk_shift", *_NEMO_CACHES),
    ("zipformer_ctc", True): (
        "decode_chunk_len",
        "T",
        "num_encoder_layers",
        "encoder_dims",
        "left_context_len",
    ),
    ("transducer", True): ("model_type",),
    ("nemo_transducer", False): ("vocab_size", "subsampling_factor", "pred_rnn_layers", "pred_hidden"),
    ("whisper", False): ("n_text_layer", "n_text_ctx", "n_mels", "sot_sequence"),
}
"""Metadata of the encoder or model that sherpa-onnx ends the process without; not complete for all kinds."""


@dataclass(frozen=True)
class Layout:
    """The files of a model and what their metadata says."""

    kind: Kind
    streaming: bool
    tokens: str
    encoder: str
    """The encoder, or the only file of a CTC model."""
    decoder: str = ""
    joiner: str = ""
    chunk_seconds: float = 0.0
    """Audio a streaming model takes at once."""
    subsampling: int = 4
    """Feature frames of 10 ms for each output."""


def find_layout(config: EngineConfig) -> Layout:
    """Look into the model folder. Raises ModelError that names what is missing or wrong."""
    folder = open_folder(config)
    tokens = first(folder, "tokens.txt", "*tokens.txt")
    if tokens is None:
        raise lacking(config, "tokens.txt")
    encoder, decoder, joiner = (_onnx(folder, name) for name in ("encoder", "decoder", "joiner"))
    model = _onnx(folder, "model")
    main = encoder or model
    if main is None:
        raise lacking(config, "encoder.onnx or model.onnx")
    metadata = _metadata(config, main)
    if encoder is not None and decoder is None:
        raise lacking(config, "decoder.onnx")
    kind = _kind(config, metadata.get("model_type", ""), encoder is not None, joiner is not None)
    chunk = next((metadata[key] for key in _CHUNK_KEYS if metadata.get(key, "").isdigit()), "")
    _check_needed(config, kind, bool(chunk), metadata)
    for other in (decoder, joiner):
        if other is not None:
            _metadata(config, other)
    if kind != "whisper":
        _check_tokens(config, tokens)
    subsampling = metadata.get("subsampling_factor", "4")
    return Layout(
        kind=kind,
        streaming=bool(chunk),
        tokens=str(tokens),
        encoder=str(main),
        decoder=str(decoder or ""),
        joiner=str(joiner or ""),
        chunk_seconds=int(chunk) * _FRAME_SECONDS if chunk else 0.0,
        subsampling=int(subsampling) if subsampling.isdigit() else 4,
    )


def _onnx(folder: Path, name: str) -> Path | None:
    return first(folder, f"{name}.int8.onnx", f"*{name}*.int8.onnx", f"{name}.onnx", f"*{name}*.onnx")


def _metadata(config: EngineConfig, path: Path) -> dict[str, str]:
    try:
        return read_metadata(path)
    except (MetadataError, OSError) as error:
        raise unusable(config, f"{path.name}: {error}") from error


def _kind(config: EngineConfig, model_type: str, has_encoder: bool, has_joiner: bool) -> Kind:
    nemo = model_type.startswith("EncDec")
    if has_encoder and has_joiner:
        return "nemo_transducer" if nemo else "transducer"
    if has_encoder:
        if model_type.startswith("whisper"):
            return "whisper"
        raise lacking(config, "joiner.onnx")
    if nemo:
        return "nemo_ctc"
    if model_type == "zipformer2_ctc":
        return "zipformer_ctc"
    raise unusable(config, f"models of the type {model_type or 'unknown'!r} are not supported")


def _check_needed(config: EngineConfig, kind: Kind, streaming: bool, metadata: dict[str, str]) -> None:
    for key in _NEEDED.get((kind, streaming), ()):
        if not metadata.get(key):
            raise unusable(config, f"its metadata has no {key}")


def _check_tokens(config: EngineConfig, path: Path) -> None:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise unusable(config, f"{path.name}: {error}") from error
    symbols = {line.rsplit(maxsplit=1)[0].strip() for line in lines if len(line.split()) > 1}
    if not symbols.intersection(_BLANKS):
        raise unusable(config, f"{path.name} has none of the tokens {', '.join(_BLANKS)}")
