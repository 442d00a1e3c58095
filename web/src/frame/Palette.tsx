// The palette: every page, setting and thing to do under one key, what was used lately first, keys beside them.
//
// The entries are made when it opens, the list is drawn at once without a transition: it has 50 ms to be there.

import { Modal, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { startTransition, useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";

import type { CommandName } from "../protocol/contracts";
import { ACTS } from "./acts";
import { pagePath } from "./addresses";
import { useConfirm } from "./Dialog";
import { sentenceOf } from "./ErrorCard";
import { useAsk, useHouse, useMayAsk } from "./house";
import { KeyCaps, LayerContext, useKeys, useLayer } from "./keys";
import { rank, used, type Entry, type Ranked } from "./ranking";
import { recall, remember } from "./remembered";
import { settingPath, type ActionTools, type PaletteAction } from "./room";
import { rooms } from "./rooms";
import { useSearch } from "./searching";
import { toasts } from "./toasts";

const RECENT = "palette.recent";
/** Entries drawn at once, and a moment later. */
const AT_FIRST = 12;
const DRAWN = 60;

/** Carries out an action, and tells what it fails with. */
export function useRun(go: (path: string) => void): (action: PaletteAction) => void {
  const house = useHouse();
  const confirm = useConfirm();
  const { t } = useTranslation();
  return (action) => {
    const tools: ActionTools = { house, toasts, confirm, go, t: (key, values) => String(t(key, { ...values })) };
    void (async () => {
      try {
        await action.run(tools);
      } catch (error) {
        toasts.failed(sentenceOf(error));
      }
    })();
  };
}

/** The actions that whoever is here may do, of the house and of all rooms. */
export function useActions(): readonly PaletteAction[] {
  const may = useMayAsk();
  return useMemo(
    () => [...rooms.flatMap((room) => room.actions), ...ACTS].filter((action) => allowed(action.needs, may)),
    [may],
  );
}

const allowed = (needs: CommandName | undefined, may: (name: CommandName) => boolean): boolean => needs === undefined || may(needs);

/** Hear the keys of all actions, on every page. */
export function ActionKeys({ go }: { readonly go: (path: string) => void }) {
  const { t } = useTranslation();
  const run = useRun(go);
  const actions = useActions();
  useKeys(
    actions.flatMap((action) =>
      action.keys === undefined
        ? []
        : [{ keys: action.keys, title: String(t(action.title)), group: t("keys.everywhere"), run: () => run(action) }],
    ),
  );
  return null;
}

/** Everything that the palette holds, for whoever is here. */
function useEntries(go: (path: string) => void): readonly Entry[] {
  const { t } = useTranslation();
  const may = useMayAsk();
  const run = useRun(go);
  const actions = useActions();
  const settings = useAsk("house.settings", {}).data?.settings;
  const latest = useRef({ run, go });
  latest.current = { run, go };
  return useMemo(() => {
    const pages = rooms.flatMap((room) =>
      room.pages
        .filter((page) => allowed(page.needs, may))
        .map((page): Entry => {
          const path = pagePath(room, page);
          const first = page.path === "";
          return {
            id: `page.${path}`,
            group: "page",
            title: String(t(first ? room.title : page.title)),
            ...(first && page.title === room.title ? {} : { hint: String(t(first ? page.title : room.title)) }),
            run: () => latest.current.go(path),
          };
        }),
    );
    const acts = actions.map(
      (action): Entry => ({
        id: action.id,
        group: "act",
        title: String(t(action.title)),
        ...(action.keys === undefined ? {} : { keys: action.keys }),
        run: () => latest.current.run(action),
      }),
    );
    const every = (settings ?? []).map(
      (setting): Entry => ({
        id: `setting.${setting.key}`,
        group: "setting",
        title: readable(setting.key),
        hint: setting.sentence,
        run: () => latest.current.go(settingPath(setting.key)),
      }),
    );
    return [...pages, ...acts, ...every];
  }, [t, may, actions, settings]);
}

/** `desk.start_at_login` as "Desk: start at login". */
const readable = (key: string): string => key.charAt(0).toUpperCase() + key.slice(1).replaceAll("_", " ").replace(".", ": ");

export interface PaletteProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly go: (path: string) => void;
}

/** See the module. */
export function Palette({ opened, onClose, go }: PaletteProps) {
  const { t } = useTranslation();
  const layer = useLayer(opened, onClose);
  return (
    <Modal.Root opened={opened} onClose={onClose} closeOnEscape={false} size="38rem" yOffset="12dvh" padding={0} transitionProps={{ duration: 0 }}>
      <Modal.Overlay />
      <Modal.Content aria-label={t("palette.title")}>
        <LayerContext value={layer}>{opened && <Finder onClose={onClose} go={go} />}</LayerContext>
      </Modal.Content>
    </Modal.Root>
  );
}

function Finder({ onClose, go }: Omit<PaletteProps, "opened">) {
  const { t } = useTranslation();
  const id = useId();
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const [recent] = useState(() => recall<readonly string[]>(RECENT, []));
  const [drawn, setDrawn] = useState(AT_FIRST);
  useEffect(() => startTransition(() => setDrawn(DRAWN)), []);
  const entries = useEntries(go);
  const search = useSearch(text);
  const ranked = useMemo(() => rank(entries, text, recent).slice(0, drawn), [entries, text, recent, drawn]);
  const found = useMemo(
    () =>
      search.found.flatMap(({ room, hits }) =>
        hits.map((hit): Ranked => {
          const entry: Entry = { id: `found.${hit.id}`, group: "found", title: hit.title, hint: hit.detail ?? String(t(room.title)), run: () => go(hit.path) };
          return { entry, recent: false };
        }),
      ),
    [search, go, t],
  );
  const shown = [...ranked, ...found];
  const current = Math.min(chosen, shown.length - 1);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector(`[id="${id}-${current}"]`)?.scrollIntoView({ block: "nearest" });
  }, [id, current]);

  const run = ({ entry }: Ranked) => {
    if (entry.group !== "found") remember(RECENT, used(recent, entry.id));
    onClose();
    entry.run();
  };
  const press = (event: KeyboardEvent) => {
    const last = shown.length - 1;
    const to = { ArrowDown: current === last ? 0 : current + 1, ArrowUp: current <= 0 ? last : current - 1, PageDown: Math.min(last, current + 8), PageUp: Math.max(0, current - 8) }[event.key];
    const entry = shown[current];
    if (to !== undefined) setChosen(to);
    else if (event.key === "Enter" && entry !== undefined) run(entry);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <TextInput
        data-autofocus
        size="lg"
        variant="unstyled"
        className="g-palette-field"
        aria-label={t("palette.title")}
        placeholder={t("palette.placeholder")}
        leftSection={<IconSearch size={19} stroke={1.7} aria-hidden />}
        value={text}
        role="combobox"
        aria-expanded
        aria-controls={`${id}-entries`}
        aria-activedescendant={shown[current] === undefined ? undefined : `${id}-${current}`}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setChosen(0);
        }}
        onKeyDown={press}
      />
      <div ref={list} id={`${id}-entries`} role="listbox" aria-label={t("palette.title")} className="g-palette-list">
        {shown.map((each, index) => (
          <PaletteRow
            key={each.entry.id}
            id={`${id}-${index}`}
            ranked={each}
            title={headingOf(each, shown[index - 1])}
            chosen={index === current}
            run={() => run(each)}
          />
        ))}
        {shown.length === 0 && <p className="g-found-note">{t("palette.nothing")}</p>}
      </div>
      <p className="g-hidden" role="status">
        {t("palette.results", { count: shown.length })}
      </p>
    </>
  );
}

const sectionOf = (ranked: Ranked): string => (ranked.recent ? "recent" : ranked.entry.group);

/** A heading where another kind of entry begins. */
const headingOf = (ranked: Ranked, before: Ranked | undefined): string | null =>
  before !== undefined && sectionOf(before) === sectionOf(ranked) ? null : sectionOf(ranked);

interface PaletteRowProps {
  readonly id: string;
  readonly ranked: Ranked;
  readonly title: string | null;
  readonly chosen: boolean;
  readonly run: () => void;
}

function PaletteRow({ id, ranked, title, chosen, run }: PaletteRowProps) {
  const { t } = useTranslation();
  const { entry } = ranked;
  return (
    <>
      {title !== null && (
        <div className="g-found-title" role="presentation">
          {t(`palette.${title}`)}
        </div>
      )}
      <div id={id} role="option" aria-selected={chosen} className="g-found-hit" onPointerDown={(event) => event.preventDefault()} onClick={run}>
        <span className="g-palette-title">{entry.title}</span>
        {entry.hint !== undefined && <span className="g-quiet g-found-text">{entry.hint}</span>}
        {entry.hint === undefined && <span className="g-grow" />}
        {entry.keys !== undefined && <KeyCaps keys={entry.keys} />}
      </div>
    </>
  );
}
