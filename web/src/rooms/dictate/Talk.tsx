// The first page: talk, and what was dictated today; recordings are dropped anywhere on it, or chosen by a button.

import "./dictate.css";
import { Button, FileButton, NativeSelect, SegmentedControl } from "@mantine/core";
import { IconFileMusic, IconMicrophone } from "@tabler/icons-react";
import { useEffect, useState, type DragEvent } from "react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { EmptyState } from "../../frame/EmptyState";
import { Faces } from "../../frame/Faces";
import { useAct, useAsk, useHouse, useMay } from "../../frame/house";
import { RoomPage } from "../../frame/RoomPage";
import { sentenceOf } from "../../frame/ErrorCard";
import { toasts } from "../../frame/toasts";
import { Card } from "./Card";
import { MODES, useChoice, useEngines } from "./choices";
import { useToday } from "./day";
import type { Choice, Mode } from "./dictation";
import { Queue } from "./Queue";
import { recordings } from "./recordings";
import { TalkControl } from "./TalkControl";

const SHOWN = 60;
const HISTORY: string = "/dictate/history";

export default function Talk() {
  const { t } = useTranslation("dictate");
  const [choice, choose] = useChoice();
  const house = useHouse();
  const mayImport = useMay("dictate.import");
  const add = (files: readonly File[]) => {
    if (files.length > 0) recordings.add(house, files, choice.engine);
  };
  const drop = useDrop(mayImport, add);
  return (
    <div className="d-drop" {...drop.handlers}>
      <RoomPage
        title={t("talk.title")}
        lead={t("talk.lead")}
        actions={
          mayImport && (
            <FileButton multiple accept="audio/*,video/*" onChange={add}>
              {(props) => (
                <Button variant="default" leftSection={<IconFileMusic size={16} aria-hidden />} {...props}>
                  {t("files.add")}
                </Button>
              )}
            </FileButton>
          )
        }
      >
        <TalkControl choice={choice} />
        <Choices choice={choice} choose={choose} />
        <Queue engine={choice.engine} />
        <Today />
      </RoomPage>
      {drop.over && (
        <div className="d-drop-sign" aria-hidden>
          <IconFileMusic size={40} stroke={1.4} />
          <strong>{t("files.drop")}</strong>
        </div>
      )}
    </div>
  );
}

/** Files that are dragged over the page and dropped on it. */
function useDrop(may: boolean, add: (files: readonly File[]) => void) {
  const [depth, deepen] = useState(0);
  const carries = (event: DragEvent) => may && event.dataTransfer.types.includes("Files");
  useEffect(() => {
    const ended = () => deepen(0);
    window.addEventListener("dragend", ended);
    window.addEventListener("drop", ended);
    return () => {
      window.removeEventListener("dragend", ended);
      window.removeEventListener("drop", ended);
    };
  }, []);
  return {
    over: depth > 0,
    handlers: {
      onDragEnter: (event: DragEvent) => carries(event) && deepen((count) => count + 1),
      onDragLeave: (event: DragEvent) => carries(event) && deepen((count) => Math.max(0, count - 1)),
      onDragOver: (event: DragEvent) => carries(event) && event.preventDefault(),
      onDrop: (event: DragEvent) => {
        if (!carries(event)) return;
        event.preventDefault();
        add([...event.dataTransfer.files]);
      },
    },
  };
}

/** Mode, engine with its quality, language. */
function Choices({ choice, choose }: { readonly choice: Choice; readonly choose: (choice: Choice) => void }) {
  const { t } = useTranslation("dictate");
  const engines = useEngines();
  const mayLanguage = useMay("house.setting_set");
  const language = useAsk("house.settings", { key: "dictate.language" }).data?.settings[0]?.value ?? "";
  const set = useAct("house.setting_set");
  const label = (name: string, quality: string) => t("engine.label", { name: t(`engine.${name}`, { defaultValue: name }), quality });
  return (
    <div className="d-choices">
      <div className="d-field">
        <span id="d-mode" className="d-field-label">{t("mode.label")}</span>
        <SegmentedControl
          aria-labelledby="d-mode"
          value={choice.mode}
          onChange={(mode) => choose({ ...choice, mode: mode as Mode })}
          data={MODES.map((mode) => ({ value: mode, label: t(`mode.${mode}`) }))}
        />
        <span className="d-field-hint">{t(`mode.${choice.mode}_hint`)}</span>
      </div>
      <NativeSelect
        className="d-field"
        label={t("engine.title")}
        value={choice.engine}
        onChange={(event) => choose({ ...choice, engine: event.currentTarget.value })}
        description={engines.all.find((each) => each.name === choice.engine)?.reason}
        inputWrapperOrder={["label", "input", "description"]}
        data={[
          { value: "", label: engines.meant === undefined ? t("engine.set") : t("engine.meant", { engine: label(engines.meant.name, engines.meant.quality) }) },
          ...engines.all.map((each) => ({ value: each.name, label: label(each.name, each.quality), disabled: !each.available })),
        ]}
      />
      {language !== "" && (
        <NativeSelect
          className="d-field"
          label={t("language.title")}
          value={language}
          disabled={!mayLanguage}
          onChange={(event) =>
            set.mutate({ key: "dictate.language", value: event.currentTarget.value }, { onError: (error) => toasts.failed(sentenceOf(error)) })
          }
          data={languages(language)}
        />
      )}
    </div>
  );
}

const COMMON = ["en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "cs", "uk", "ru", "tr", "ja", "zh", "ko", "ar", "hi"];

/** Languages by their own names, the one that is set among them. */
function languages(set: string) {
  return (COMMON.includes(set) ? COMMON : [set, ...COMMON]).map((tag) => ({ value: tag, label: nameOf(tag) }));
}

function nameOf(tag: string): string {
  try {
    return new Intl.DisplayNames([tag], { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

function Today() {
  const { t } = useTranslation("dictate");
  const today = useToday();
  const found = useAsk("dictate.history", { limit: SHOWN, count: true, only: { since: today } });
  return (
    <section aria-labelledby="d-today" className="d-today">
      <h2 id="d-today">{t("today.title")}</h2>
      <Faces
        of={found}
        isEmpty={(all) => all.utterances.length === 0}
        empty={
          <EmptyState icon={IconMicrophone} title={t("today.empty")}>
            {t("today.empty_text")}
          </EmptyState>
        }
      >
        {(all) => (
          <>
            <ul className="d-cards">
              {all.utterances.map((each) => (
                <li key={each.id}>
                  <Card utterance={each} />
                </li>
              ))}
            </ul>
            {all.total > all.utterances.length && (
              <p className="g-quiet">
                {t("today.more", { count: all.total - all.utterances.length })} <Link to={HISTORY}>{t("history.open")}</Link>
              </p>
            )}
          </>
        )}
      </Faces>
    </section>
  );
}
