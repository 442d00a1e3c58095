// The sound of an utterance, with the words of its text beside it: they light up as it goes, a click on one jumps there.
//
// Arrows walk from word to word, Enter or Space plays from there. The light is moved without drawing anything anew.

import { ActionIcon, NativeSelect, Slider } from "@mantine/core";
import { IconPlayerPauseFilled, IconPlayerPlayFilled } from "@tabler/icons-react";
import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent, type MouseEvent, type RefObject } from "react";
import { useTranslation } from "react-i18next";

import { ErrorCard } from "../../frame/ErrorCard";
import { clock } from "../../frame/format";
import { useHouse } from "../../frame/house";
import { useRemembered } from "../../frame/remembered";
import { wordAt, type TimedWord } from "./follow";

export interface PlayerProps {
  readonly utterance: string;
  readonly seconds: number;
  readonly words: readonly TimedWord[];
  readonly hasAudio: boolean;
}

const SPEEDS = ["0.75", "1", "1.25", "1.5", "2"];

/** Fetches the sound when it is first asked for; it is let go with the player. */
function useSound(utterance: string) {
  const house = useHouse();
  const [address, found] = useState("");
  const [error, fail] = useState<unknown>(null);
  const asked = useRef<Promise<void> | null>(null);
  useEffect(() => () => URL.revokeObjectURL(address), [address]);
  useEffect(() => {
    asked.current = null;
    found("");
    fail(null);
  }, [utterance]);
  const load = useCallback(() => {
    asked.current ??= (async () => {
      try {
        const { files } = await house.withFiles("dictate.audio", { utterance });
        const sound = await house.content(files[0]?.ticket ?? "");
        found(URL.createObjectURL(new Blob([sound], { type: "audio/flac" })));
      } catch (problem) {
        asked.current = null;
        fail(problem);
      }
    })();
  }, [house, utterance]);
  return { address, error, load };
}

/** See the module. */
export function Player({ utterance, seconds, words, hasAudio }: PlayerProps) {
  const { t } = useTranslation("dictate");
  const { address, error, load } = useSound(utterance);
  const [speed, keepSpeed] = useRemembered("dictate.speed", "1");
  const [playing, play] = useState(false);
  const [at, move] = useState(0);
  const audio = useRef<HTMLAudioElement>(null);
  const wanted = useRef<number | null>(null);
  const text = useRef<HTMLParagraphElement>(null);
  const length = Number.isFinite(audio.current?.duration) ? (audio.current?.duration ?? seconds) : seconds;

  const light = useCallback(
    (moment: number, follow: boolean) => {
      const box = text.current;
      if (box === null) return;
      const now = moment < 0 ? -1 : wordAt(words, moment);
      const before = box.querySelector("[data-now]");
      const next = box.children[now];
      if (before === next) return;
      before?.removeAttribute("data-now");
      next?.setAttribute("data-now", "");
      if (follow && next instanceof HTMLElement) keepInSight(box, next);
    },
    [words],
  );
  useEffect(() => {
    if (!playing) return;
    let frame = 0;
    const tick = () => {
      light(audio.current?.currentTime ?? 0, true);
      frame = requestAnimationFrame(tick);
    };
    frame = requestAnimationFrame(tick);
    return () => cancelAnimationFrame(frame);
  }, [playing, light]);
  const start = (from?: number) => {
    if (from !== undefined) wanted.current = from;
    load();
    const element = audio.current;
    if (element === null || address === "") {
      wanted.current ??= at;
      return;
    }
    if (wanted.current !== null) element.currentTime = wanted.current;
    wanted.current = null;
    element.playbackRate = Number(speed);
    void element.play().catch(() => play(false));
  };
  const begin = useRef(start);
  useEffect(() => {
    begin.current = start;
  });
  useEffect(() => {
    if (address !== "" && wanted.current !== null) begin.current(); // once, when the sound has come
  }, [address]);
  const seek = (moment: number) => {
    move(moment);
    light(moment, false);
    if (audio.current !== null && address !== "") audio.current.currentTime = moment;
    else wanted.current = moment;
  };
  return (
    <div className="d-player">
      {hasAudio && (
        <div className="d-player-row">
          <ActionIcon size="lg" radius="xl" variant="light" aria-label={t(playing ? "player.pause" : "player.play")} onClick={() => (playing ? audio.current?.pause() : start())}>
            {playing ? <IconPlayerPauseFilled size={18} /> : <IconPlayerPlayFilled size={18} />}
          </ActionIcon>
          <Slider
            className="g-grow"
            thumbLabel={t("player.place")}
            label={clock}
            thumbProps={{ "aria-valuetext": clock(at) }}
            min={0}
            max={Math.max(length, 0.1)}
            step={0.1}
            value={at}
            onChange={seek}
          />
          <span className="g-figure g-quiet">
            {clock(at)} / {clock(length)}
          </span>
          <NativeSelect
            size="xs"
            aria-label={t("player.speed")}
            value={speed}
            onChange={(event) => {
              keepSpeed(event.currentTarget.value);
              if (audio.current !== null) audio.current.playbackRate = Number(event.currentTarget.value);
            }}
            data={SPEEDS.map((value) => ({ value, label: `${value}×` }))}
          />
          {/* oxlint-disable-next-line jsx-a11y/media-has-caption -- the words below are its captions */}
          <audio
            ref={audio}
            src={address === "" ? undefined : address}
            onPlay={() => play(true)}
            onPause={() => play(false)}
            onEnded={() => {
              play(false);
              seek(0);
              light(-1, false);
            }}
            onTimeUpdate={(event) => move(event.currentTarget.currentTime)}
          />
        </div>
      )}
      {error !== null && <ErrorCard error={error} title={t("player.failed")} onRetry={() => start()} />}
      <FollowedText words={words} box={text} jump={hasAudio ? start : undefined} />
      {!hasAudio && words.length > 0 && <p className="d-none">{t("player.gone")}</p>}
    </div>
  );
}

function keepInSight(box: HTMLElement, word: HTMLElement): void {
  const [top, bottom] = [word.offsetTop - box.offsetTop, word.offsetTop - box.offsetTop + word.offsetHeight];
  if (top < box.scrollTop || bottom > box.scrollTop + box.clientHeight) box.scrollTop = top - box.clientHeight / 3;
}

interface FollowedTextProps {
  readonly words: readonly TimedWord[];
  readonly box: RefObject<HTMLParagraphElement | null>;
  readonly jump: ((moment: number) => void) | undefined;
}

/** The words; one of them is in the tab order. */
function FollowedText({ words, box, jump }: FollowedTextProps) {
  const { t } = useTranslation("dictate");
  const jumps = jump !== undefined;
  const drawn = useMemo(
    () =>
      words.map((word, index) => (
        <span key={index} data-word={index} tabIndex={jumps && index === 0 ? 0 : -1}>
          {word.text + word.space}
        </span>
      )),
    [words, jumps],
  );
  const placeOf = (target: EventTarget) => (target instanceof HTMLElement ? Number(target.dataset["word"] ?? -1) : -1);
  const start = (target: EventTarget) => {
    const word = words[placeOf(target)];
    if (word !== undefined) jump?.(word.start);
  };
  const press = (event: KeyboardEvent) => {
    const place = placeOf(event.target);
    const to = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: words.length - 1 }[event.key];
    if (to !== undefined && place >= 0) {
      const next = box.current?.children[Math.max(0, Math.min(words.length - 1, to))];
      if (next instanceof HTMLElement) {
        (event.target as HTMLElement).tabIndex = -1;
        next.tabIndex = 0;
        next.focus();
      }
    } else if (event.key === "Enter" || event.key === " ") start(event.target);
    else return;
    event.preventDefault();
  };
  return (
    <p
      ref={box}
      className="d-words"
      data-jumps={jump !== undefined || undefined}
      aria-label={jump === undefined ? undefined : t("player.words")}
      onKeyDown={jump === undefined ? undefined : press}
      onClick={jump === undefined ? undefined : (event: MouseEvent) => start(event.target)}
    >
      {drawn}
    </p>
  );
}
