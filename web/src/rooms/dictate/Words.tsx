// Your own words, and the spoken commands: each change counts from the next dictation on, and can be taken back.

import "./dictate.css";
import { ActionIcon, Button, FileButton, Group, NativeSelect, Switch, Textarea, TextInput } from "@mantine/core";
import { IconDownload, IconFileImport, IconPlus, IconTrash, IconVocabulary } from "@tabler/icons-react";
import type { TFunction } from "i18next";
import { useMemo, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";

import { DataTable } from "../../frame/DataTable";
import { Dialog } from "../../frame/Dialog";
import { EmptyState } from "../../frame/EmptyState";
import { ErrorCard, sentenceOf } from "../../frame/ErrorCard";
import { Faces } from "../../frame/Faces";
import { useAsk, useHouse, useMay } from "../../frame/house";
import { RoomPage } from "../../frame/RoomPage";
import { toasts } from "../../frame/toasts";
import type { DictatePhrase, HouseSettingInfos } from "../../protocol/contracts";
import { download } from "./deeds";
import { asCsv, keyOf, merge, parse } from "./parsing";

type Table = Readonly<Record<string, string>>;

/** The value of a setting that is a table of texts. */
const tableOf = (settings: HouseSettingInfos): Table => JSON.parse(settings.settings[0]?.value || "{}") as Table;

/** Changes a setting at once, with Undo; what is refused is thrown, and nothing is changed. */
function useChange(key: string) {
  const { t } = useTranslation("dictate");
  const house = useHouse();
  return async (value: unknown, told: string) => {
    const before = (await house.call("house.settings", { key })).settings[0];
    await house.call("house.setting_set", { key, value: JSON.stringify(value) });
    toasts.undoable(told === "" ? t("words.changed") : told, async () => {
      await house.call("house.setting_set", { key, value: before === undefined || before.source === "default" ? null : before.value });
    });
  };
}

export default function Words() {
  const { t } = useTranslation("dictate");
  return (
    <RoomPage title={t("words.title")} lead={t("words.lead")}>
      <Vocabulary />
      <Commands />
    </RoomPage>
  );
}

function Vocabulary() {
  const { t } = useTranslation("dictate");
  const settings = useAsk("house.settings", { key: "dictate.vocabulary" });
  const may = useMay("house.setting_set");
  const change = useChange("dictate.vocabulary");
  const [sought, seek] = useState("");
  const [importing, imports] = useState(false);
  const keep = (words: Table, told = "") => change(words, told).catch((error: unknown) => void toasts.failed(sentenceOf(error)));
  return (
    <section className="d-section" aria-labelledby="d-vocabulary">
      <div className="d-head">
        <h2 id="d-vocabulary">{t("vocabulary.title")}</h2>
        <span className="g-grow" />
        {may && (
          <Button size="xs" variant="default" leftSection={<IconFileImport size={15} aria-hidden />} onClick={() => imports(true)}>
            {t("vocabulary.import")}
          </Button>
        )}
        {settings.data !== undefined && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconDownload size={15} aria-hidden />}
            disabled={Object.keys(tableOf(settings.data)).length === 0}
            onClick={() => settings.data !== undefined && save(tableOf(settings.data))}
          >
            {t("vocabulary.export")}
          </Button>
        )}
      </div>
      <p className="g-quiet">{t("vocabulary.text")}</p>
      <Faces of={settings}>
        {(found) => {
          const words = tableOf(found);
          const rows = Object.entries(words)
            .map(([heard, written]) => ({ heard, written }))
            .filter((row) => `${row.heard} ${row.written}`.toLowerCase().includes(sought.trim().toLowerCase()));
          return (
            <>
              {may && <AddWord words={words} keep={(next) => change(next, t("vocabulary.added"))} />}
              {Object.keys(words).length === 0 ? (
                <EmptyState icon={IconVocabulary} title={t("vocabulary.empty")} action={may ? { title: t("vocabulary.import"), run: () => imports(true) } : undefined}>
                  {t("vocabulary.empty_text")}
                </EmptyState>
              ) : (
                <>
                  <TextInput aria-label={t("vocabulary.search")} placeholder={t("vocabulary.search")} value={sought} onChange={(event) => seek(event.currentTarget.value)} maw="22rem" />
                  <DataTable
                    label={t("vocabulary.title")}
                    rows={rows}
                    keyOf={(row) => row.heard}
                    sort={{ id: "heard", desc: false }}
                    columns={[
                      { id: "heard", title: t("vocabulary.heard"), value: (row) => row.heard },
                      {
                        id: "written",
                        title: t("vocabulary.written"),
                        value: (row) => row.written,
                        show: (row) => <Written key={row.written} row={row} may={may} keep={(written) => void keep({ ...words, [row.heard]: written })} />,
                      },
                    ]}
                    actionsTitle={t("words.actions")}
                    actions={(row) =>
                      may && (
                        <ActionIcon
                          variant="subtle"
                          color="gray"
                          size="lg"
                          aria-label={t("vocabulary.delete", { word: row.heard })}
                          onClick={() => void keep(Object.fromEntries(Object.entries(words).filter(([heard]) => heard !== row.heard)), t("vocabulary.deleted", { word: row.heard }))}
                        >
                          <IconTrash size={16} />
                        </ActionIcon>
                      )
                    }
                  />
                </>
              )}
              <Import opened={importing} close={() => imports(false)} words={words} keep={change} />
            </>
          );
        }}
      </Faces>
    </section>
  );
}

function save(words: Table): void {
  const address = URL.createObjectURL(new Blob([asCsv(words)], { type: "text/csv" }));
  download(address, "vocabulary.csv");
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

function AddWord({ words, keep }: { readonly words: Table; readonly keep: (words: Table) => Promise<void> }) {
  const { t } = useTranslation("dictate");
  const [heard, hear] = useState("");
  const [written, write] = useState("");
  const [problem, fail] = useState<unknown>(null);
  const known = Object.keys(words).find((each) => keyOf(each) === keyOf(heard) && keyOf(heard) !== "");
  const add = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await keep(merge(words, [{ heard: heard.trim().toLowerCase(), written: written.trim() || heard.trim() }]).words);
      hear("");
      write("");
      fail(null);
    } catch (error) {
      fail(error);
    }
  };
  return (
    <form className="d-add" onSubmit={(event) => void add(event)}>
      <TextInput label={t("vocabulary.heard")} value={heard} onChange={(event) => hear(event.currentTarget.value)} error={problem === null ? null : sentenceOf(problem)} />
      <TextInput label={t("vocabulary.written")} value={written} placeholder={heard} onChange={(event) => write(event.currentTarget.value)} />
      <Button type="submit" leftSection={<IconPlus size={16} aria-hidden />} disabled={keyOf(heard) === ""}>
        {t(known === undefined ? "vocabulary.add" : "vocabulary.replace")}
      </Button>
    </form>
  );
}

/** What is written for a word, changed in its place: Enter or leaving keeps it, Esc does not. */
function Written({ row, may, keep }: { readonly row: { heard: string; written: string }; readonly may: boolean; readonly keep: (written: string) => void }) {
  const { t } = useTranslation("dictate");
  const [text, write] = useState(row.written);
  if (!may) return <>{row.written}</>;
  const done = () => (text.trim() !== "" && text !== row.written ? keep(text.trim()) : write(row.written));
  return (
    <TextInput
      variant="unstyled"
      aria-label={t("vocabulary.written_for", { word: row.heard })}
      value={text}
      onChange={(event) => write(event.currentTarget.value)}
      onBlur={done}
      onKeyDown={(event) => {
        if (event.key === "Enter") event.currentTarget.blur();
        if (event.key === "Escape") write(row.written);
      }}
    />
  );
}

interface ImportProps {
  readonly opened: boolean;
  readonly close: () => void;
  readonly words: Table;
  readonly keep: (words: Table, told: string) => Promise<void>;
}

/** From a file or the clipboard: what would come is shown before it does. */
function Import({ opened, close, words, keep }: ImportProps) {
  const { t } = useTranslation("dictate");
  const [text, read] = useState("");
  const [problem, fail] = useState<unknown>(null);
  const parsed = useMemo(() => parse(text), [text]);
  const merged = useMemo(() => merge(words, parsed.entries), [words, parsed]);
  const count = merged.added + merged.changed;
  const take = async () => {
    try {
      await keep(merged.words, t("vocabulary.imported", { count }));
      read("");
      fail(null);
      close();
    } catch (error) {
      fail(error);
    }
  };
  return (
    <Dialog opened={opened} onClose={close} title={t("vocabulary.import")} size="lg">
      <div className="d-import">
        <p className="g-quiet">{t("vocabulary.import_text")}</p>
        <FileButton accept=".csv,.tsv,.txt,text/csv,text/plain" onChange={(file) => void file?.text().then(read)}>
          {(props) => (
            <Button variant="default" leftSection={<IconFileImport size={16} aria-hidden />} {...props}>
              {t("vocabulary.choose")}
            </Button>
          )}
        </FileButton>
        <Textarea label={t("vocabulary.paste")} autosize minRows={5} maxRows={12} value={text} onChange={(event) => read(event.currentTarget.value)} placeholder={"geoff, Jeff\nmill lane, Mill Lane"} />
        {text !== "" && (
          <p role="status">
            {t("vocabulary.preview", { added: merged.added, changed: merged.changed, same: merged.same })}
          </p>
        )}
        {parsed.skipped.length > 0 && (
          <ul className="d-skipped">
            {parsed.skipped.slice(0, 20).map((each) => (
              <li key={each.line}>
                {t(`vocabulary.skipped_${each.why}`, { line: each.line })} <code>{each.text.slice(0, 60)}</code>
              </li>
            ))}
            {parsed.skipped.length > 20 && <li>{t("vocabulary.skipped_more", { count: parsed.skipped.length - 20 })}</li>}
          </ul>
        )}
        {problem !== null && <ErrorCard error={problem} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t("frame:cancel")}
          </Button>
          <Button disabled={count === 0} onClick={() => void take()}>
            {t("vocabulary.take", { count })}
          </Button>
        </Group>
      </div>
    </Dialog>
  );
}

function Commands() {
  const { t } = useTranslation("dictate");
  const phrases = useAsk("dictate.phrases", {});
  const own = useAsk("house.settings", { key: "dictate.commands" });
  const off = useAsk("house.settings", { key: "dictate.commands_off" });
  const may = useMay("house.setting_set");
  const change = useChange("dictate.commands");
  const changeOff = useChange("dictate.commands_off");
  const silent = off.data === undefined ? [] : (JSON.parse(off.data.settings[0]?.value || "[]") as readonly string[]);
  const tell = (error: unknown) => void toasts.failed(sentenceOf(error));
  const turn = (phrase: string, on: boolean) =>
    void changeOff(on ? silent.filter((each) => each !== phrase) : [...silent, phrase], t(on ? "commands.on" : "commands.off", { phrase })).catch(tell);
  const remove = (phrase: string) =>
    void change(Object.fromEntries(Object.entries(own.data === undefined ? {} : tableOf(own.data)).filter(([each]) => each !== phrase)), t("commands.deleted", { phrase })).catch(tell);
  return (
    <section className="d-section" aria-labelledby="d-commands">
      <h2 id="d-commands">{t("commands.title")}</h2>
      <p className="g-quiet">{t("commands.text")}</p>
      <Faces of={phrases}>
        {(found) => (
          <>
            <Switch
              label={t("commands.all")}
              checked={!found.all_off}
              disabled={!may || off.data === undefined}
              onChange={(event) => turn("all", event.currentTarget.checked)}
            />
            {found.problem !== "" && <p className="d-problem" role="alert">{found.problem}</p>}
            {may && own.data !== undefined && <AddCommand table={tableOf(own.data)} actions={found.actions} keep={(table) => change(table, t("commands.added"))} />}
            <DataTable<DictatePhrase>
              label={t("commands.title")}
              rows={found.phrases}
              keyOf={(each) => each.phrase}
              columns={[
                { id: "phrase", title: t("commands.phrase"), value: (each) => each.phrase },
                { id: "does", title: t("commands.does"), value: (each) => meaning(each, t), show: (each) => meaning(each, t) },
                { id: "places", title: t("commands.places"), value: (each) => t(each.places.length === 3 ? "places.anywhere" : each.places.length === 2 ? "places.end" : "places.alone") },
                {
                  id: "on",
                  title: t("commands.used"),
                  value: (each) => (each.off ? 1 : 0),
                  show: (each) =>
                    each.own ? (
                      t("commands.own")
                    ) : (
                      <Switch aria-label={t("commands.use", { phrase: each.phrase })} checked={!each.off && !found.all_off} disabled={!may || found.all_off} onChange={(event) => turn(each.phrase, event.currentTarget.checked)} />
                    ),
                },
              ]}
              actionsTitle={t("words.actions")}
              actions={(each) =>
                each.own &&
                may && (
                  <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("commands.delete", { phrase: each.phrase })} onClick={() => remove(each.phrase)}>
                    <IconTrash size={16} />
                  </ActionIcon>
                )
              }
            />
          </>
        )}
      </Faces>
    </section>
  );
}

const meaning = (phrase: DictatePhrase, t: TFunction<"dictate">): string =>
  phrase.does === "insert" ? t("does.writes", { text: phrase.writes }) : t(`does.${phrase.does}`, { defaultValue: phrase.does });

function AddCommand({ table, actions, keep }: { readonly table: Table; readonly actions: readonly string[]; readonly keep: (table: Table) => Promise<void> }) {
  const { t } = useTranslation("dictate");
  const [phrase, say] = useState("");
  const [action, act] = useState("insert");
  const [text, write] = useState("");
  const [problem, fail] = useState<unknown>(null);
  const add = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await keep({ ...table, [phrase.trim().toLowerCase()]: action === "insert" ? `insert: ${text}` : action });
      say("");
      write("");
      fail(null);
    } catch (error) {
      fail(error);
    }
  };
  return (
    <form className="d-add" onSubmit={(event) => void add(event)}>
      <TextInput label={t("commands.phrase")} value={phrase} onChange={(event) => say(event.currentTarget.value)} error={problem === null ? null : sentenceOf(problem)} />
      <NativeSelect label={t("commands.does")} value={action} onChange={(event) => act(event.currentTarget.value)} data={actions.map((each) => ({ value: each, label: t(`does.${each}`, { defaultValue: each }) }))} />
      {action === "insert" && <TextInput label={t("commands.writes")} value={text} onChange={(event) => write(event.currentTarget.value)} />}
      <Button type="submit" leftSection={<IconPlus size={16} aria-hidden />} disabled={phrase.trim() === "" || (action === "insert" && text === "")}>
        {t("commands.add")}
      </Button>
    </form>
  );
}
