"""Recordings that are damaged, joined, late or wrongly labelled: all the rest is heard, at its right time.

The sound is noise: it is different at every moment, so that a
shift of one sample, or a piece that is missing, shows.
"""

from __future__ import annotations

import struct

import numpy as np
import pytest

from garret.features.dictate.audio import mpeg, ogg, ogg_packets, vorbis_bits
from garret.features.dictate.audio.source import Source, View
from tests.features.dictate.audio.sounds import RATE, descriptor, encoded, hit, kinds, lag, noise
from tests.features.dictate.audio.test_decode import decoded

KINDS = [("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")]


@pytest.mark.parametrize(("container", "codec"), KINDS)
def test_a_whole_file_has_no_remark(container: str, codec: str) -> None:
    info, _ = decoded(encoded(noise(12), RATE, container, codec))
    assert (info.notes, info.truncated) == ((), False)


@pytest.mark.parametrize(("container", "codec"), KINDS[:3])
@pytest.mark.parametrize("shares", [(0.58,), (0.3, 0.7), (0.45, 0.46)])
def test_damage_is_named_and_what_follows_stands_at_its_time(
    container: str, codec: str, shares: tuple[float, ...]
) -> None:
    data = encoded(noise(12), RATE, container, codec)
    _, true = decoded(data)
    for share in shares:
        data = hit(data, share)
    info, samples = decoded(data)
    assert len(samples) == len(true)
    assert abs(lag(samples[-2 * RATE :], true[-2 * RATE :])) <= 0.02 * RATE, "a frame of Opus"
    assert abs(lag(samples[: 2 * RATE], true[: 2 * RATE])) == 0
    assert set(kinds(info)) == {"damage"}
    for note in info.notes:
        assert any(note.start - 1.1 < share * 12 < note.end + 1.1 for share in shares)
    lost = sum(note.end - note.start for note in info.notes)
    assert 0 < lost < 2.5 * len(shares)


@pytest.mark.parametrize("seed", range(5))
def test_flac_loses_no_more_than_the_frames_that_were_hit(seed: int) -> None:
    data = encoded(noise(12), RATE, "FLAC", "PCM_16")
    _, true = decoded(data)
    info, samples = decoded(hit(data, 0.2 + 0.13 * seed, 300, seed))
    different = np.flatnonzero(samples != true)
    (note,) = info.notes
    assert note.start * RATE - 1 <= different[0]
    assert different[-1] <= note.end * RATE + 1
    assert len(different) <= 2 * 4096


def packets(data: bytes) -> list[bytes]:
    """Those of an Ogg file, in order."""
    found: list[bytes] = []
    unfinished = b""
    for page in ogg.pages(Source(descriptor(data), "x"), lambda: False):
        parts = ogg_packets.packets_of(data[page.start : page.stop])
        for lacing, body in zip(parts.lacings, parts.bodies, strict=True):
            unfinished += body
            if lacing[-1] < 255:
                found.append(unfinished)
                unfinished = b""
    return found


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (16_000, 1), (16_000, 2), (44_100, 2)])
def test_a_packet_of_vorbis_is_used_up_unless_it_was_hit(rate: int, channels: int) -> None:
    sound = np.stack([noise(6, seed) for seed in range(channels)], 1)
    identification, _, setup, *rest = packets(encoded(sound, rate, "OGG", "VORBIS"))
    reader = vorbis_bits.Reader(identification, setup)
    assert all(map(reader.is_whole, rest))
    random = np.random.default_rng(4)
    hits = [hit(packet, random.uniform(0.1, 0.7), 12, seed) for seed, packet in enumerate(rest)]
    assert sum(map(reader.is_whole, hits)) < 0.4 * len(hits), "some come out even; of longer damage few do"
    gone = [random.integers(0, 256, len(packet), np.uint8).tobytes() for packet in rest]
    assert sum(map(reader.is_whole, gone)) < 0.05 * len(gone)


@pytest.mark.parametrize(
    "data", [b"", b"\x01vorbis", b"\x05vorbis" + bytes(40), b"\x05vorbis" + b"\xff" * 400]
)
def test_what_is_no_head_of_vorbis_is_refused(data: bytes) -> None:
    identification = packets(encoded(noise(1), RATE, "OGG", "VORBIS"))[0]
    for pair in ((identification, data), (data, data)):
        with pytest.raises(vorbis_bits.NotVorbisError):
            vorbis_bits.Reader(*pair)


@pytest.mark.parametrize("codec", ["VORBIS", "OPUS"])
@pytest.mark.parametrize("seed", range(6))
def test_of_a_damaged_page_only_the_packets_are_lost_that_were_hit(codec: str, seed: int) -> None:
    data = encoded(noise(12), RATE, "OGG", codec)
    _, true = decoded(data)
    pages = [page for page in ogg.pages(Source(descriptor(data), "x"), lambda: False) if page.granule > 0]
    page = pages[seed + 1]
    share = (page.start + 500 + 300 * seed) / len(data)  # within one page, whose head stays as it is
    info, samples = decoded(hit(data, share, 300, seed))
    assert len(samples) == len(true)
    assert kinds(info) == ["damage"]
    (note,) = info.notes
    if "between" in note.sentence:
        lost = np.flatnonzero(np.abs(samples.astype(int) - true) > 1000)
        assert len(lost) < 0.3 * RATE, "a packet that decodes, and what Opus needs to forget it"
        assert note.start < lost[0] / RATE < note.end
        return
    assert 0 < note.end - note.start < 0.25
    start, end = round(note.start * RATE), round(note.end * RATE)
    assert np.array_equal(samples[: start - 1000], true[: start - 1000])
    # A decoder of Opus needs a few packets until it is where one is that heard all before.
    assert lag(samples[end + 1600 :], true[end + 1600 :]) == 0
    if codec == "VORBIS":
        assert np.abs(samples[end + 1600 :].astype(int) - true[end + 1600 :]).max() <= 1


def test_a_page_whose_head_was_hit_as_well_is_lost_as_a_whole() -> None:
    data = encoded(noise(6), RATE, "OGG", "VORBIS")
    _, true = decoded(data)
    page = list(ogg.pages(Source(descriptor(data), "x"), lambda: False))[4]
    info, samples = decoded(data[: page.start] + bytes(200) + data[page.start + 200 :])
    assert kinds(info) == ["damage"]
    assert len(samples) == len(true)
    assert lag(samples[-RATE:], true[-RATE:]) == 0


@pytest.mark.parametrize("seed", range(4))
def test_damage_at_the_end_of_a_flac_is_told(seed: int) -> None:
    data = encoded(noise(4), RATE, "FLAC", "PCM_16")
    info, samples = decoded(data[: -2000 - 100 * seed] + bytes([seed + 1]) * (2000 + 100 * seed))
    assert info.truncated
    assert kinds(info)[-1] == "truncated"
    assert 3 * RATE < len(samples) < 4 * RATE


def test_bytes_that_are_missing_from_an_mp3_leave_a_hole_of_their_length() -> None:
    data = encoded(noise(12), RATE, "MP3", "MPEG_LAYER_III")
    _, true = decoded(data)
    place = len(data) // 2
    info, samples = decoded(data[:place] + bytes([0x55]) * 2000 + data[place + 2000 :])
    assert kinds(info) == ["damage"]
    assert abs(lag(samples[-RATE:], true[-RATE:])) < 0.1 * RATE
    assert abs(len(samples) - len(true)) < 0.1 * RATE


@pytest.mark.parametrize(("container", "codec"), KINDS[1:])
@pytest.mark.parametrize("times", [2, 3])
def test_files_that_were_joined_are_read_through(container: str, codec: str, times: int) -> None:
    data = encoded(noise(3), RATE, container, codec)
    once, first = decoded(data)
    info, samples = decoded(data * times)
    assert info.notes == ()
    assert abs(len(samples) - times * len(first)) <= times
    assert info.seconds == pytest.approx(times * once.seconds, abs=0.01)
    assert abs(lag(samples[-RATE:], first[-RATE:])) <= 1


def test_an_mp3_of_variable_rate_without_a_count_is_whole() -> None:
    quiet, loud = np.zeros(3 * RATE), noise(3)
    data = encoded(np.concatenate([quiet, loud, quiet, loud]), RATE, "MP3", "MPEG_LAYER_III")
    (stretch,) = mpeg.stretches(Source(descriptor(data), "x"), lambda: False)
    first = mpeg.frame_at(data, stretch.start)
    assert first is not None
    assert stretch.declared == stretch.frames
    info, samples = decoded(data[stretch.start + first.size :])
    assert info.notes == ()
    assert len(samples) == pytest.approx(12 * RATE, abs=0.15 * RATE)
    assert np.abs(samples[-2 * RATE : -RATE]).max() > 1000


# ---------------------------------------------------------------- headers


def wave(data: bytes, riff: int, size: int) -> bytes:
    return data[:4] + struct.pack("<I", riff) + data[8:40] + struct.pack("<I", size) + data[44:]


@pytest.mark.parametrize(
    ("riff", "size", "expected"),
    [
        (0, 0, ["header"]),
        (36, 0, ["header"]),
        (0xFFFFFFFF, 0xFFFFFFFF, []),
        (0xFFFFFFFF, 0, []),
        (0x7FFFF024, 0x7FFFF000, []),
        (20_000, 19_964, ["header"]),
        (500_000, 500_000, ["truncated"]),
    ],
)
def test_a_wav_with_wrong_sizes_is_read_to_its_end(riff: int, size: int, expected: list[str]) -> None:
    sound = (noise(3) * 32767).astype(np.int16)
    info, samples = decoded(wave(encoded(sound, RATE, "WAV", "PCM_16"), riff, size))
    assert np.array_equal(samples, sound)
    assert kinds(info) == expected


def test_chunks_behind_the_samples_are_no_sound() -> None:
    sound = (noise(1) * 32767).astype(np.int16)
    data = encoded(sound, RATE, "WAV", "PCM_16") + b"LIST" + struct.pack("<I", 4000) + bytes(4000)
    info, samples = decoded(data)
    assert np.array_equal(samples, sound)
    assert info.notes == ()


@pytest.mark.parametrize("container", ["RF64", "W64", "AIFF", "AU", "WAVEX"])
def test_other_headers_that_say_too_little_or_nothing(container: str) -> None:
    sound = (noise(2) * 32767).astype(np.int16)
    data = encoded(sound, RATE, container, "PCM_16")
    info, samples = decoded(data)
    assert np.array_equal(samples, sound)
    assert info.notes == ()
    size = len(sound) * 2
    order, width = ("big", 4) if container in ("AIFF", "AU") else ("little", 8)
    claims = {"W64": size + 24, "AIFF": size + 8}.get(container, size)
    width = 4 if container == "WAVEX" else width
    place = data.index(claims.to_bytes(width, order))
    wrong = data[:place] + bytes(width) + data[place + width :]
    if container == "W64":
        wrong = data[:place] + (24).to_bytes(8, "little") + data[place + 8 :]
    info, samples = decoded(wrong)
    assert np.array_equal(samples, sound)
    assert kinds(info) == ["header"]


# ---------------------------------------------------------------- channels


@pytest.mark.parametrize("share", [-1.0, -0.8, -0.6])
def test_channels_that_cancel_each_other_out_are_noticed(share: float) -> None:
    sound = noise(2)
    info, samples = decoded(encoded(np.stack([sound, share * sound], 1), RATE, "WAV", "PCM_16"))
    assert kinds(info) == ["channels"]
    assert np.abs(samples - sound * 32767).max() < 3


@pytest.mark.parametrize("share", [1.0, 0.3, 0.0])
def test_channels_that_go_together_have_no_remark(share: float) -> None:
    sound = noise(2)
    both = np.stack([sound, share * sound + 0.05 * noise(2, 9)], 1)
    info, _ = decoded(encoded(both, RATE, "WAV", "PCM_16"))
    assert info.notes == ()


# ---------------------------------------------------------------- pieces


def test_a_view_reads_its_pieces_as_one_file() -> None:
    source = Source(descriptor(bytes(range(100))), "x")
    view = View(source, [b"ab", range(10, 20), range(20, 25), b"", range(90, 100)])
    assert view.size == 27
    assert view.read() == b"ab" + bytes(range(10, 25)) + bytes(range(90, 100))
    view.seek(-4, 2)
    assert view.read(2) == bytes((96, 97))


def test_pages_are_found_whatever_lies_between_them() -> None:
    data = encoded(noise(3), RATE, "OGG", "VORBIS")
    whole = list(ogg.pages(Source(descriptor(data), "x"), lambda: False))
    assert [page.number for page in whole] == list(range(len(whole)))
    assert whole[-1].stop == len(data)
    junk = b"OggS" + bytes(40)
    place = whole[3].start
    found = ogg.pages(Source(descriptor(data[:place] + junk + data[place:]), "x"), lambda: False)
    shifted = [page for page in found if page.whole]
    assert [page.number for page in shifted] == [page.number for page in whole]
