// The big control: click to begin and to stop, or hold it (or Space) while speaking; level, state, and live text.

import { Button, UnstyledButton } from "@mantine/core";
import { IconArrowBackUp, IconLoader2, IconMicrophone, IconPlayerPause, IconPlayerPlay, IconPlayerStopFilled, IconX } from "@tabler/icons-react";
import { useEffect, useReducer, useRef, type KeyboardEvent, type PointerEvent } from "react";
import { useTranslation } from "react-i18next";

import { ErrorCard, sentenceOf } from "../../frame/ErrorCard";
import { clock } from "../../frame/format";
import { useHouse, useLine } from "../../frame/house";
import { KeyCaps, useKeys } from "../../frame/keys";
import { toasts } from "../../frame/toasts";
import { dictation, type Choice } from "./dictation";
import { share, textOf, type Phase } from "./hearing";
import { useStore } from "./store";

const HELD = 350; // milliseconds: what is shorter is a click, and the dictation goes on

/** See the module. */
export function TalkControl({ choice }: { readonly choice: Choice }) {
  const { t } = useTranslation("dictate");
  const house = useHouse();
  const { phase } = useStore(dictation.hearing);
  const away = useLine().state !== "open";
  const pressed = useRef<number | null>(null);
  const on = phase === "starting" || phase === "listening" || phase === "paused";

  const press = () => {
    if (dictation.on) {
      pressed.current = null;
      void dictation.stop(house);
    } else {
      pressed.current = Date.now();
      void dictation.begin(house, choice);
    }
  };
  const release = () => {
    if (pressed.current !== null && Date.now() - pressed.current >= HELD) void dictation.stop(house);
    pressed.current = null;
  };
  const pointer = (event: PointerEvent) => {
    if (event.button !== 0 || away) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    press();
  };
  const space = (event: KeyboardEvent) => {
    if (event.key !== " ") return;
    event.preventDefault();
    if (event.type === "keydown") {
      if (!event.repeat && !away) press();
    } else release();
  };
  useKeys(phase === "idle" ? [] : [{ keys: "Ctrl+.", title: t("talk.cancel"), run: () => dictation.cancel() }]);
  return (
    <section className="d-talk" data-phase={phase} aria-label={t("talk.label")}>
      <div className="d-talk-row">
        <Meter />
        <UnstyledButton
          className="d-talk-button"
          aria-label={t(on ? "talk.stop" : "talk.begin")}
          aria-pressed={on}
          aria-describedby="d-talk-state"
          disabled={away || phase === "finishing"}
          onPointerDown={pointer}
          onPointerUp={release}
          onPointerCancel={release}
          onKeyDown={space}
          onKeyUp={space}
          // Enter, and tools that click by themselves; what a pointer does was heard above.
          onClick={(event) => event.detail === 0 && press()}
          onBlur={release}
        >
          {phase === "finishing" ? <IconLoader2 size={38} className="d-turn" /> : on ? <IconPlayerStopFilled size={34} /> : <IconMicrophone size={40} stroke={1.6} />}
        </UnstyledButton>
        <Meter mirrored />
      </div>
      <p id="d-talk-state" className="d-talk-state" role="status">
        {t(`talk.${away ? "away" : phase}`)}
        {phase === "listening" && <Elapsed />}
      </p>
      {phase === "idle" ? (
        <p className="d-talk-hint">
          {t("talk.hold")} <KeyCaps keys="Space" /> · {t("talk.anywhere")} <KeyCaps keys="Ctrl+Shift+D" />
        </p>
      ) : (
        <Under phase={phase} />
      )}
      <LiveText />
      <Outcome choice={choice} />
    </section>
  );
}

/** What can be done with a dictation that is under way. */
function Under({ phase }: { readonly phase: Phase }) {
  const { t } = useTranslation("dictate");
  const house = useHouse();
  const { commands } = useStore(dictation.hearing);
  const restored = useStore(dictation.restored);
  const small = { size: "xs", variant: "subtle", color: "gray" } as const;
  const paused = phase === "paused";
  const pause = () => void dictation.pause(house).catch((error: unknown) => toasts.failed(sentenceOf(error)));
  const again = () => dictation.wordsAgain();
  useKeys([
    ...(paused || phase === "listening" ? [{ keys: "Ctrl+Shift+P", title: t(paused ? "talk.go_on" : "talk.pause"), run: pause }] : []),
    ...(commands.length > 0 ? [{ keys: "Ctrl+Shift+W", title: t("talk.words_again"), run: again }] : []),
  ]);
  return (
    <>
      <div className="g-row">
        {(paused || phase === "listening") && (
          <Button {...small} leftSection={paused ? <IconPlayerPlay size={14} aria-hidden /> : <IconPlayerPause size={14} aria-hidden />} onClick={pause}>
            {t(paused ? "talk.go_on" : "talk.pause")}
          </Button>
        )}
        {commands.length > 0 && (
          <Button {...small} leftSection={<IconArrowBackUp size={14} aria-hidden />} title={t("talk.words_again_more")} onClick={again}>
            {t("talk.words_again")}
          </Button>
        )}
        <Button {...small} leftSection={<IconX size={14} aria-hidden />} onClick={() => dictation.cancel()}>
          {t("talk.cancel")}
        </Button>
      </div>
      {restored !== null && <p className="d-talk-hint" role="status">{t(restored.phrase === "" ? "talk.no_words" : "talk.words", { phrase: restored.phrase })}</p>}
    </>
  );
}

/** The level of the microphone: bars beside the button that grow from it, moved by transform alone. */
function Meter({ mirrored = false }: { readonly mirrored?: boolean }) {
  const { t } = useTranslation("dictate");
  const level = share(useStore(dictation.level));
  const bars = 12;
  const role = mirrored
    ? { "aria-hidden": true }
    : { role: "meter", "aria-label": t("talk.level"), "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": Math.round(100 * level) };
  return (
    <div className="d-meter" data-mirrored={mirrored || undefined} {...role}>
      {Array.from({ length: bars }, (_, index) => (
        <i key={index} style={{ transform: `scaleY(${Math.max(0.08, Math.min(1, (level * (bars + 4) - index) / 4))})` }} />
      ))}
    </div>
  );
}

function Elapsed() {
  const [, again] = useReducer((count: number) => count + 1, 0);
  const { since } = useStore(dictation.hearing);
  useEffect(() => {
    const timer = setInterval(again, 1000);
    return () => clearInterval(timer);
  }, []);
  return <span className="g-figure" aria-hidden>{` · ${clock((Date.now() - since) / 1000)}`}</span>;
}

/** What is heard now: settled words stand, those that may change are lighter and say so. */
function LiveText() {
  const { t } = useTranslation("dictate");
  const hearing = useStore(dictation.hearing);
  const { settled, partial } = textOf(hearing);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [settled, partial]);
  if (hearing.phase === "idle") return null;
  return (
    <div className="d-live" ref={box}>
      {settled === "" && partial === "" ? <span className="g-quiet">{t("talk.speak")}</span> : null}
      <span aria-live="polite">{settled}</span>{" "}
      {partial !== "" && <em className="d-partial" title={t("talk.partial")}>{partial}</em>}
      {(hearing.commands.length > 0 || hearing.capitals) && (
        <div className="d-chips">
          {hearing.capitals && <span className="d-chip">{t("talk.capitals")}</span>}
          {hearing.commands.map((command, index) => (
            <span key={`${index} ${command}`} className="d-chip">
              {command}
            </span>
          ))}
        </div>
      )}
    </div>
  );
}

function Outcome({ choice }: { readonly choice: Choice }) {
  const { t } = useTranslation("dictate");
  const house = useHouse();
  const ended = useStore(dictation.ended);
  if (ended === null) return null;
  if (ended.error !== null) return <ErrorCard error={ended.error} title={t("talk.failed")} onRetry={() => void dictation.begin(house, choice)} />;
  const told = ended.cancelled ? t("talk.cancelled") : ended.note;
  return told === "" ? null : <p className="d-talk-hint" role="status">{told}</p>;
}
