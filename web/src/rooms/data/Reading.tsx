// How a file of a source is read, where the guess was wrong: delimiter, headings, encoding and the like.

import { Autocomplete, Button, NativeSelect, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { ErrorCard } from "../../frame/ErrorCard";
import { useAct, useAsk } from "../../frame/house";
import { toasts } from "../../frame/toasts";
import type { DataSource } from "../../protocol/contracts";

const CHOSEN: Readonly<Record<string, readonly string[]>> = {
  delim: ["", ",", ";", "\t", "|"],
  header: ["", "true", "false"],
  encoding: ["", "utf-8", "latin-1", "utf-16"],
};
const TYPED = ["quote", "escape", "skip", "nullstr", "decimal_separator", "dateformat", "timestampformat", "comment"] as const;

const known = (path: string): boolean => !/[*?[\]{}]/.test(path) && /\.[A-Za-z0-9.]{1,12}$/.test(path);

/** See the module. */
export function Reading({ source, done }: { readonly source: DataSource; readonly done: () => void }) {
  const { t } = useTranslation("data_pages");
  const act = useAct("data.read");
  const report = useAsk("data.catalogue", { source: source.id, count: 1 }, { enabled: source.enabled });
  const paths = [...new Set([...Object.keys(source.config.reading), ...source.config.paths.filter(known)])];
  const [path, choosePath] = useState(paths[0] ?? "");
  const guess = useAsk("data.reading", { source: source.id, path }, { enabled: source.enabled && path.trim() !== "" });
  const guessed = (name: string) => guess.data?.guessed[name] || t("reading.as_guessed");
  const [changed, change] = useState<Readonly<Record<string, string>> | null>(null);
  const options = changed ?? source.config.reading[path] ?? {};
  const set = (name: string, value: string) => {
    const { [name]: _, ...rest } = options;
    change(value === "" ? rest : { ...rest, [name]: value });
  };
  const send = (said: Readonly<Record<string, string>>) =>
    act.mutate(
      { source: source.id, path, options: said },
      { onSuccess: () => (toasts.say(t(Object.keys(said).length === 0 ? "reading.guessed" : "reading.read"), { tone: "good" }), done()) },
    );
  return (
    <form onSubmit={(event) => (event.preventDefault(), send(options))}>
      <Stack gap="sm">
        {(report.data?.notes ?? []).length > 0 && (
          <section aria-label={t("reading.report")}>
            <h3>{t("reading.report")}</h3>
            <ul className="q-notes">
              {report.data?.notes.map((note) => <li key={note}>{note}</li>)}
            </ul>
          </section>
        )}
        <Autocomplete
          data-autofocus
          label={t("reading.path")}
          description={t("reading.path_about")}
          data={paths}
          value={path}
          onChange={(value) => {
            choosePath(value);
            change(null);
          }}
        />
        <div className="q-fields">
          {Object.entries(CHOSEN).map(([name, values]) => (
            <NativeSelect
              key={name}
              label={t(`reading.${name}`)}
              value={options[name] ?? ""}
              onChange={(event) => set(name, event.currentTarget.value)}
              data={[...new Set([...values, options[name] ?? ""])].map((value) => ({ value, label: value === "" ? guessed(name) : t(`reading.value_${value === "\t" ? "tab" : value}`, { defaultValue: value }) }))}
            />
          ))}
          {TYPED.map((name) => (
            <TextInput key={name} label={t(`reading.${name}`)} placeholder={guessed(name)} value={options[name] ?? ""} onChange={(event) => set(name, event.currentTarget.value)} />
          ))}
        </div>
        {act.error !== null && <ErrorCard error={act.error} />}
        <div className="g-row">
          <Button type="submit" loading={act.isPending} disabled={path.trim() === "" || Object.keys(options).length === 0}>
            {t("reading.apply")}
          </Button>
          <Button variant="default" disabled={path.trim() === "" || act.isPending} onClick={() => send({})}>
            {t("reading.guess")}
          </Button>
        </div>
      </Stack>
    </form>
  );
}
