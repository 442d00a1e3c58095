// One utterance: its text to read, correct and compare with what was heard; its sound; all that can be done with it.

import { ActionIcon, Button, Menu, Textarea, Tooltip } from "@mantine/core";
import {
  IconArrowBackUp,
  IconArrowsDiff,
  IconCopy,
  IconDots,
  IconFileExport,
  IconHistory,
  IconPencil,
  IconPlayerPlay,
  IconRefresh,
  IconTextPlus,
  IconTrash,
} from "@tabler/icons-react";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { clock } from "../../frame/format";
import { useAsk, useHouse, useMay } from "../../frame/house";
import { useDraft } from "../../frame/remembered";
import { RelativeTime } from "../../frame/RelativeTime";
import type { DictateUtterance } from "../../protocol/contracts";
import { useEngines } from "./choices";
import { FORMS, useDeeds, wholeText } from "./deeds";
import { emptiness } from "./emptiness";
import { Details } from "./Details";
import { pieces } from "./diff";

/** What the history's list shows at most of a text; more is fetched. */
const LISTED = 100_000;

type Face = "read" | "edit" | "heard" | "open";

export interface CardProps {
  readonly utterance: DictateUtterance;
  /** Shown with its sound and words from the start. */
  readonly opened?: boolean;
}

/** See the module. */
export function Card({ utterance, opened = false }: CardProps) {
  const { t } = useTranslation("dictate");
  const [face, show] = useState<Face>(opened ? "open" : "read");
  const rest: Face = opened ? "open" : "read";
  const toggle = (wanted: Face) => show(face === wanted ? rest : wanted);
  const working = utterance.error === "" && ["capturing", "paused", "transcribed"].includes(utterance.state);
  return (
    <article className="g-card d-card" aria-label={t("card.label", { time: new Date(1000 * utterance.created).toLocaleTimeString() })}>
      <header className="d-head">
        <RelativeTime at={utterance.created} className="d-when" />
        <span>{t(`source.${utterance.source}`, { defaultValue: utterance.source })}</span>
        {utterance.audio_seconds > 0 && <span className="g-figure">{clock(utterance.audio_seconds)}</span>}
        {utterance.engine !== "" && (
          <Tooltip label={t(`quality.${utterance.quality}`, { defaultValue: utterance.quality })}>
            <span className="d-chip">{t("engine.label", { name: t(`engine.${utterance.engine}`, { defaultValue: utterance.engine }), quality: utterance.quality })}</span>
          </Tooltip>
        )}
        {utterance.edited && <span className="d-chip">{t("card.edited")}</span>}
        {utterance.state === "held" && <span className="d-chip" data-tone="warn">{t("card.held")}</span>}
      </header>
      {face === "edit" ? <Editor utterance={utterance} done={() => show(rest)} /> : null}
      {face === "heard" ? <Heard utterance={utterance} /> : null}
      {face === "open" ? <Details utterance={utterance} /> : null}
      {face === "read" ? <Reading utterance={utterance} working={working} edit={() => show("edit")} /> : null}
      {utterance.error !== "" && <p className="d-problem" role="alert">{utterance.error}</p>}
      {utterance.note !== "" && <p className="d-note">{utterance.note}</p>}
      {face !== "edit" && !working && <Actions utterance={utterance} face={face} toggle={toggle} fixed={opened} />}
    </article>
  );
}

function Reading({ utterance, working, edit }: { readonly utterance: DictateUtterance; readonly working: boolean; readonly edit: () => void }) {
  const { t } = useTranslation("dictate");
  if (utterance.text !== "")
    return (
      <p className="d-text" onDoubleClick={edit}>
        {utterance.text}
      </p>
    );
  return <p className="d-none">{working ? t("card.working") : t(`textless.${emptiness(utterance)}`)}</p>;
}

/** What clean-up and corrections changed: what is gone is struck through, what is new is underlined. */
function Heard({ utterance }: { readonly utterance: DictateUtterance }) {
  const { t } = useTranslation("dictate");
  const told = useMemo(() => pieces(utterance.raw, utterance.text), [utterance.raw, utterance.text]);
  if (utterance.raw === "") return <p className="d-none">{t("card.no_raw")}</p>;
  return (
    <>
      <p className="d-text d-diff">
        {told.map((piece, index) =>
          piece.kind === "same" ? <span key={index}>{piece.text}</span> : piece.kind === "gone" ? <del key={index}>{piece.text}</del> : <ins key={index}>{piece.text}</ins>,
        )}
      </p>
      <p className="d-note">{t("card.diff")}</p>
    </>
  );
}

function Editor({ utterance, done }: { readonly utterance: DictateUtterance; readonly done: () => void }) {
  const { t } = useTranslation("dictate");
  const house = useHouse();
  const deeds = useDeeds();
  const profile = useAsk("house.me", {}).data?.profile ?? "";
  const [draft, write, forget] = useDraft(`dictate.${utterance.id}`, profile);
  const [whole, fetched] = useState<string | null>(utterance.text.length < LISTED ? utterance.text : null);
  const [saving, save] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (whole === null) void wholeText(house, utterance.id).then(fetched);
  }, [whole, house, utterance.id]);
  useEffect(() => field.current?.focus(), [whole]);
  const text = draft === "" ? (whole ?? "") : draft;
  const keep = async () => {
    save(true);
    const kept = text === whole || (await deeds.correct(utterance, text));
    save(false);
    if (!kept) return; // what was written stays in the field, and as a draft
    forget();
    done();
  };
  const give_up = () => {
    forget();
    done();
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void keep();
    else if (event.key === "Escape") give_up();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="d-editor">
      <Textarea ref={field} aria-label={t("card.text")} autosize minRows={2} maxRows={18} value={text} disabled={whole === null} onChange={(event) => write(event.currentTarget.value)} onKeyDown={press} />
      <div className="g-row">
        <Button size="xs" loading={saving} onClick={() => void keep()}>
          {t("card.save")}
        </Button>
        <Button size="xs" variant="default" onClick={give_up}>
          {t("card.give_up")}
        </Button>
        {utterance.edited && (
          <Button size="xs" variant="subtle" color="gray" onClick={() => void deeds.correct(utterance, null).then((kept) => kept && give_up())}>
            {t("card.take_back")}
          </Button>
        )}
        <span className="d-note">{t("card.kept")}</span>
      </div>
    </div>
  );
}

interface ActionsProps {
  readonly utterance: DictateUtterance;
  readonly face: Face;
  readonly toggle: (face: Face) => void;
  readonly fixed: boolean;
}

function Actions({ utterance, face, toggle, fixed }: ActionsProps) {
  const { t } = useTranslation("dictate");
  const house = useHouse();
  const deeds = useDeeds();
  const mayInsert = useMay("window.insert");
  const mayRemove = useMay("dictate.discard");
  const { all } = useEngines();
  const some = utterance.text !== "";
  const whole = async () => (utterance.text.length < LISTED ? utterance.text : wholeText(house, utterance.id));
  if (utterance.deleted > 0)
    return (
      <div className="g-row">
        <Button size="xs" variant="default" leftSection={<IconArrowBackUp size={14} aria-hidden />} onClick={() => deeds.bringBack([utterance.id])}>
          {t("card.bring_back")}
        </Button>
        <span className="d-note">{t("card.deleted")}</span>
      </div>
    );
  return (
    <div className="d-actions">
      {!fixed && (utterance.has_audio || some) && (
        <Act title={t("card.play")} pressed={face === "open"} run={() => toggle("open")} icon={<IconPlayerPlay size={17} />} />
      )}
      <Act title={t("card.edit")} run={() => toggle("edit")} icon={<IconPencil size={17} />} />
      {utterance.raw !== "" && <Act title={t("card.heard")} pressed={face === "heard"} run={() => toggle("heard")} icon={<IconArrowsDiff size={17} />} />}
      {some && <Act title={t("card.copy")} run={() => void whole().then(deeds.copy)} icon={<IconCopy size={17} />} />}
      {some && mayInsert && <Act title={t("card.insert")} run={() => void whole().then((text) => deeds.insert(utterance.id, text))} icon={<IconTextPlus size={17} />} />}
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("card.more")}>
            <IconDots size={17} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {utterance.has_audio && <Menu.Label>{t("card.retry")}</Menu.Label>}
          {utterance.has_audio &&
            all.map((engine) => (
              <Menu.Item key={engine.name} disabled={!engine.available} leftSection={<IconRefresh size={15} />} onClick={() => deeds.retry(utterance.id, engine.name)}>
                {t("engine.label", { name: t(`engine.${engine.name}`, { defaultValue: engine.name }), quality: engine.quality })}
              </Menu.Item>
            ))}
          {some && <Menu.Label>{t("export.title")}</Menu.Label>}
          {some &&
            FORMS.map((form) => (
              <Menu.Item key={form} leftSection={<IconFileExport size={15} />} onClick={() => deeds.exportThese(form, { utterances: [utterance.id] })}>
                {t(`export.${form}`)}
              </Menu.Item>
            ))}
          {!fixed && (
            <Menu.Item leftSection={<IconHistory size={15} />} onClick={() => toggle("open")}>
              {t("card.versions")}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <span className="g-grow" />
      {mayRemove && <Act title={t("card.delete")} run={() => deeds.remove([utterance.id])} icon={<IconTrash size={17} />} />}
    </div>
  );
}

function Act({ title, icon, run, pressed }: { readonly title: string; readonly icon: ReactNode; readonly run: () => void; readonly pressed?: boolean }) {
  return (
    <Tooltip label={title} openDelay={400}>
      <ActionIcon variant={pressed === true ? "light" : "subtle"} color={pressed === true ? "pine" : "gray"} size="lg" aria-label={title} aria-pressed={pressed} onClick={run}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
