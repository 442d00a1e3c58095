"""Tiny models with random weights, made on the spot, that the real engines load and run.

They recognise nothing; they take every path a real model takes. Written from the formats: the layer
specifications of CTranslate2, and the metadata sherpa-onnx reads from an ONNX file.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

PIECES = ("▁a", "▁the", "▁yes", "▁no", "s", "t", "er", "ing", "▁go", "▁in")
"""Sentence pieces of the sherpa models; a leading ▁ begins a word."""

WORDS = (" hello", " there", " we", " go", " on", " and", " see", ".")
"""Tokens the Whisper model likes to say."""

_WHISPER_SEED = 28
"""With these weights every audio gets a few words, decoded the same each time."""

_LANGUAGES = ("en", "de")


def need(module: str, extra: str) -> Any:
    """Import `module`, or skip and say which engine goes untested."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of packages that are imported here only to build a model
        return pytest.importorskip(
            module, reason=f"{extra.upper()} ENGINE NOT TESTED: {module} is not installed"
        )


# ---------------------------------------------------------------- Whisper


def _fill(spec: Any, random: np.random.Generator, width: int, vocabulary: int, mels: int) -> None:
    """Give every weight of a WhisperSpec a random value of the shape its place asks for."""

    def normal(*shape: int) -> npt.NDArray[np.float32]:
        return random.normal(0, 0.3, shape).astype(np.float32)

    def norm(layer: Any) -> None:
        layer.gamma, layer.beta = np.ones(width, np.float32), np.zeros(width, np.float32)

    def linear(layer: Any, rows: int, columns: int) -> None:
        layer.weight, layer.bias = normal(rows, columns), np.zeros(rows, np.float32)

    def block(layer: Any) -> None:
        norm(layer.self_attention.layer_norm)
        linear(layer.self_attention.linear[0], 3 * width, width)
        linear(layer.self_attention.linear[1], width, width)
        norm(layer.ffn.layer_norm)
        linear(layer.ffn.linear_0, 2 * width, width)
        linear(layer.ffn.linear_1, width, 2 * width)

    encoder, decoder = spec.encoder, spec.decoder
    encoder.conv1.weight, encoder.conv1.bias = normal(width, mels, 3), np.zeros(width, np.float32)
    encoder.conv2.weight, encoder.conv2.bias = normal(width, width, 3), np.zeros(width, np.float32)
    encoder.position_encodings.encodings = normal(1500, width)
    norm(encoder.layer_norm)
    for layer in encoder.layer:
        block(layer)
    decoder.embeddings.weight = normal(vocabulary, width)
    decoder.position_encodings.encodings = normal(448, width) * 5
    norm(decoder.layer_norm)
    for layer in decoder.layer:
        block(layer)
        norm(layer.attention.layer_norm)
        linear(layer.attention.linear[0], width, width)
        linear(layer.attention.linear[1], 2 * width, width)
        linear(layer.attention.linear[2], width, width)
    linear(decoder.projection, vocabulary, width)
    decoder.projection.weight[:] = 0


def whisper_tokens() -> list[str]:
    """The vocabulary in the order Whisper has it: text, then control tokens, then times of 20 ms."""
    control = ["<|endoftext|>", "<|startoftranscript|>", *(f"<|{code}|>" for code in _LANGUAGES)]
    control += ["<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>"]
    control += ["<|notimestamps|>", *(f"<|{step * 0.02:.2f}|>" for step in range(1501))]
    return _text_tokens() + control


def _text_tokens() -> list[str]:
    from tokenizers import pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    return letters + [word.replace(" ", "Ġ") for word in WORDS if len(word) > 1]


def whisper_model(folder: Path) -> Path:
    """A CTranslate2 Whisper of 1+1 layers, width 16, with tokenizer.json; loads offline in milliseconds."""
    need("tokenizers", "whisper")
    spec_module = need("ctranslate2.specs.whisper_spec", "whisper")
    folder.mkdir(parents=True, exist_ok=True)
    tokens, random = whisper_tokens(), np.random.default_rng(_WHISPER_SEED)
    spec = spec_module.WhisperSpec(1, 2, 1, 2)
    _fill(spec, random, 16, len(tokens), 80)
    liked = np.full(len(tokens), -30.0, np.float32)
    places = [tokens.index(word.replace(" ", "Ġ")) for word in WORDS]
    liked[places] = 0.0
    liked[tokens.index("<|endoftext|>")] = 12.0
    liked[tokens.index("<|0.00|>")], liked[tokens.index("<|0.80|>")] = -2.0, -4.0
    # Sure of each word, so that no passage is sampled again and the text is the same each time.
    spec.decoder.projection.weight[places] = random.normal(0, 3, (len(places), 16)).astype(np.float32)
    spec.decoder.projection.bias = liked
    spec.register_vocabulary(tokens)
    begin = [tokens.index("<|endoftext|>"), tokens.index("<|startofprev|>")]
    languages = [tokens.index(f"<|{code}|>") for code in _LANGUAGES]
    for name, value in (
        ("suppress_ids", []),
        ("suppress_ids_begin", begin),
        ("alignment_heads", [(0, 0), (0, 1)]),
        ("lang_ids", languages),
    ):
        setattr(spec.config, name, value)
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(str(folder))
    _save_tokenizer(folder, tokens)
    return folder


def _save_tokenizer(folder: Path, tokens: list[str]) -> None:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    text = _text_tokens()
    tokenizer = Tokenizer(models.BPE(vocab={token: place for place, token in enumerate(text)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in tokens[len(text) :]])
    tokenizer.save(str(folder / "tokenizer.json"))
    assert all(tokenizer.token_to_id(token) == place for place, token in enumerate(tokens))


# ---------------------------------------------------------------- sherpa-onnx


def _write_tokens(folder: Path) -> None:
    lines = [f"{piece} {place}" for place, piece in enumerate((*PIECES, "<blk>"))]
    (folder / "tokens.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _save_onnx(
    path: Path, nodes: list[Any], inputs: list[Any], outputs: list[Any], constants: list[Any], **meta: Any
) -> None:
    onnx = need("onnx", "sherpa")
    graph = onnx.helper.make_graph(nodes, "tiny", inputs, outputs, constants)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    model.ir_version = 8  # what ONNX Runtime of 2023 and later reads
    for key, value in meta.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, str(value)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _scores(source: str, stride: int, seed: int = 0) -> tuple[list[Any], Any]:
    """Nodes and weight from features (batch, 80, time) to log probabilities (batch, outputs, tokens)."""
    onnx = need("onnx", "sherpa")
    kernel = 2 * stride
    weight = np.random.default_rng(seed).normal(0, 1, (len(PIECES) + 1, 80, kernel)).astype(np.float32)
    pads = [stride // 2, kernel - stride - stride // 2]
    make = onnx.helper.make_node
    nodes = [
        make("Conv", [source, "W"], ["c"], kernel_shape=[kernel], strides=[stride], pads=pads),
        make("Transpose", ["c"], ["t"], perm=[0, 2, 1]),
        make("LogSoftmax", ["t"], ["logprobs"], axis=-1),
    ]
    return nodes, onnx.numpy_helper.from_array(weight, "W")


def offline_ctc_model(folder: Path) -> Path:
    """An offline CTC model with NeMo's metadata; one output for each 40 ms."""
    onnx = need("onnx", "sherpa")
    need("sherpa_onnx", "sherpa")
    folder.mkdir(parents=True, exist_ok=True)
    value, kind = onnx.helper.make_tensor_value_info, onnx.TensorProto
    nodes, weight = _scores("audio_signal", 4)
    _save_onnx(
        folder / "model.onnx",
        nodes,
        [value("audio_signal", kind.FLOAT, ["B", 80, "T"]), value("length", kind.INT64, ["B"])],
        [value("logprobs", kind.FLOAT, ["B", "U", len(PIECES) + 1])],
        [weight],
        vocab_size=len(PIECES),
        subsampling_factor=4,
        normalize_type="per_feature",
        model_type="EncDecCTCModelBPE",
    )
    _write_tokens(folder)
    return folder


def streaming_ctc_model(folder: Path, stride: int = 4) -> Path:
    """A streaming CTC model with NeMo's metadata and caches it passes through; `stride` frames an output."""
    onnx = need("onnx", "sherpa")
    need("sherpa_onnx", "sherpa")
    folder.mkdir(parents=True, exist_ok=True)
    window, shift = 45, 32
    value, kind, make = onnx.helper.make_tensor_value_info, onnx.TensorProto, onnx.helper.make_node
    caches = {"cache_last_channel": ["B", 1, 4, 8], "cache_last_time": ["B", 1, 8, 3]}
    length = "cache_last_channel_len"
    nodes, weight = _scores("kept", stride)
    nodes.insert(0, make("Slice", ["audio_signal", "zero", "shift", "axis"], ["kept"]))
    nodes.append(make("Div", ["length", "stride"], ["encoded_lengths"]))
    nodes += [make("Identity", [name], [f"{name}_next"]) for name in (*caches, length)]
    constants = {"zero": [0], "shift": [shift], "axis": [2], "stride": stride}
    _save_onnx(
        folder / "model.onnx",
        nodes,
        [
            value("audio_signal", kind.FLOAT, ["B", 80, "T"]),
            value("length", kind.INT64, ["B"]),
            *(value(name, kind.FLOAT, shape) for name, shape in caches.items()),
            value(length, kind.INT64, ["B"]),
        ],
        [
            value("logprobs", kind.FLOAT, ["B", "U", len(PIECES) + 1]),
            value("encoded_lengths", kind.INT64, ["B"]),
            *(value(f"{name}_next", kind.FLOAT, shape) for name, shape in caches.items()),
            value(f"{length}_next", kind.INT64, ["B"]),
        ],
        [weight, *(onnx.numpy_helper.from_array(np.array(v, np.int64), k) for k, v in constants.items())],
        window_size=window,
        chunk_shift=shift,
        subsampling_factor=stride,
        vocab_size=len(PIECES),
        normalize_type="NA",
        model_type="EncDecCTCModelBPE",
        **{
            f"{name}_dim{place}": size
            for name, shape in caches.items()
            for place, size in enumerate(shape)
            if place
        },
    )
    _write_tokens(folder)
    return folder


def rewrite_metadata(path: Path, **changes: Any) -> None:
    """Change the metadata of an ONNX file; a value of None removes the entry."""
    onnx = need("onnx", "sherpa")
    model = onnx.load(str(path))
    kept = {entry.key: entry.value for entry in model.metadata_props}
    kept.update({key: str(value) for key, value in changes.items()})
    del model.metadata_props[:]
    for key, value in kept.items():
        if changes.get(key, "") is not None:
            entry = model.metadata_props.add()
            entry.key, entry.value = key, value
    onnx.save(model, str(path))


def whisper_vocabulary(folder: Path) -> list[str]:
    """The vocabulary that was saved with the model."""
    tokens: list[str] = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
    return tokens


def _transducer_parts(folder: Path) -> None:
    """Stateless decoder and joiner; the blank is token 0, as icefall has it."""
    onnx = need("onnx", "sherpa")
    need("sherpa_onnx", "sherpa")
    folder.mkdir(parents=True, exist_ok=True)
    value, kind, make = onnx.helper.make_tensor_value_info, onnx.TensorProto, onnx.helper.make_node
    tensor, random = onnx.numpy_helper.from_array, np.random.default_rng(5)
    count = len(PIECES) + 1
    embedding = tensor(random.normal(0, 1, (count, 16)).astype(np.float32), "E")
    _save_onnx(
        folder / "decoder.onnx",
        [make("Gather", ["E", "y"], ["e"]), make("ReduceMean", ["e"], ["decoder_out"], axes=[1], keepdims=0)],
        [value("y", kind.INT64, ["N", 2])],
        [value("decoder_out", kind.FLOAT, ["N", 16])],
        [embedding],
        vocab_size=count,
        context_size=2,
    )
    project = tensor(random.normal(0, 0.15, (16, count)).astype(np.float32), "P")
    _save_onnx(
        folder / "joiner.onnx",
        [make("Add", ["encoder_out", "decoder_out"], ["a"]), make("MatMul", ["a", "P"], ["logit"])],
        [value("encoder_out", kind.FLOAT, ["N", 16]), value("decoder_out", kind.FLOAT, ["N", 16])],
        [value("logit", kind.FLOAT, ["N", count])],
        [project],
        joiner_dim=16,
    )
    lines = [f"{piece} {place}" for place, piece in enumerate(("<blk>", *PIECES))]
    (folder / "tokens.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _encoder_nodes(source: str) -> tuple[list[Any], Any]:
    """Nodes and weight from features (batch, time, 80) to (batch, time / 4, 16)."""
    onnx = need("onnx", "sherpa")
    weight = np.random.default_rng(6).normal(0, 0.5, (16, 80, 4)).astype(np.float32)
    make = onnx.helper.make_node
    nodes = [
        make("Transpose", [source], ["ct"], perm=[0, 2, 1]),
        make("Conv", ["ct", "W"], ["c"], kernel_shape=[4], strides=[4]),
        make("Transpose", ["c"], ["encoder_out"], perm=[0, 2, 1]),
    ]
    return nodes, onnx.numpy_helper.from_array(weight, "W")


def offline_transducer_model(folder: Path) -> Path:
    """An offline transducer with icefall's metadata."""
    _transducer_parts(folder)
    onnx = need("onnx", "sherpa")
    value, kind, make = onnx.helper.make_tensor_value_info, onnx.TensorProto, onnx.helper.make_node
    nodes, weight = _encoder_nodes("x")
    nodes.append(make("Div", ["x_lens", "four"], ["encoder_out_lens"]))
    _save_onnx(
        folder / "encoder.onnx",
        nodes,
        [value("x", kind.FLOAT, ["N", "T", 80]), value("x_lens", kind.INT64, ["N"])],
        [value("encoder_out", kind.FLOAT, ["N", "U", 16]), value("encoder_out_lens", kind.INT64, ["N"])],
        [weight, onnx.numpy_helper.from_array(np.array(4, np.int64), "four")],
        model_type="zipformer2",
    )
    return folder


def streaming_transducer_model(folder: Path) -> Path:
    """A streaming transducer with the metadata and two states of icefall's LSTM."""
    _transducer_parts(folder)
    onnx = need("onnx", "sherpa")
    value, kind, make = onnx.helper.make_tensor_value_info, onnx.TensorProto, onnx.helper.make_node
    nodes, weight = _encoder_nodes("kept")
    nodes.insert(0, make("Slice", ["x", "zero", "shift", "axis"], ["kept"]))
    nodes += [make("Identity", [name], [f"next_{name}"]) for name in ("state0", "state1")]
    states = [value(name, kind.FLOAT, [1, "N", 8]) for name in ("state0", "state1")]
    constants = {"zero": [0], "shift": [32], "axis": [1]}
    _save_onnx(
        folder / "encoder.onnx",
        nodes,
        [value("x", kind.FLOAT, ["N", 39, 80]), *states],
        [
            value("encoder_out", kind.FLOAT, ["N", "U", 16]),
            *(value(f"next_{name}", kind.FLOAT, [1, "N", 8]) for name in ("state0", "state1")),
        ],
        [weight, *(onnx.numpy_helper.from_array(np.array(v, np.int64), k) for k, v in constants.items())],
        model_type="lstm",
        num_encoder_layers=1,
        T=39,
        decode_chunk_len=32,
        rnn_hidden_size=8,
        d_model=8,
    )
    return folder
