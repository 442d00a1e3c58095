// An answer: as table, chart, columns at a glance, with where it came from; exported, kept, trusted, pinned.

import { Button, Menu, SegmentedControl } from "@mantine/core";
import { IconBookmark, IconFileExport, IconPin, IconShieldCheck, IconStar, IconStarFilled } from "@tabler/icons-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { useFormat } from "../../frame/format";
import { useAsk, useHouse, useMay } from "../../frame/house";
import { useRemembered } from "../../frame/remembered";
import { useNarrow } from "../../frame/useNarrow";
import type { DataAsked, DataExport, DataNormalizedResult } from "../../protocol/contracts";
import type { Answer } from "./asking";
import { Chart, type ChartKind } from "./Chart";
import { useDeeds } from "./deeds";
import { Glance } from "./Glance";
import { KeepDialog, PinDialog } from "./keeping";
import { Query } from "./Query";
import { PLAIN, Table, type View } from "./Table";

type Face = "table" | "chart" | "columns" | "about";
const FACES: readonly Face[] = ["table", "chart", "columns", "about"];
const FORMATS: readonly DataExport["format"][] = ["csv", "tsv", "xlsx", "parquet", "json", "ndjson", "md", "html", "svg"];

const FRESH = 1500; // milliseconds in which an answer is new

/** See the module. */
export function Result({ answer }: { readonly answer: Answer }) {
  const { t } = useTranslation("data_pages");
  const { head } = answer;
  const [face, show] = useRemembered<Face>("data.face", "table");
  const [view, setView] = useState<View>(PLAIN);
  const [kind, setKind] = useState<ChartKind | null>(null);
  const drawn = useRendered(answer);
  const narrow = useNarrow(40);
  const place = useRef<HTMLElement>(null);
  const { came } = answer;
  useEffect(() => {
    // Where one comes back to the page, it is where it was.
    if (performance.now() - came < FRESH) place.current?.scrollIntoView({ block: "start" });
  }, [came]);
  return (
    <section ref={place} className="q-result" aria-label={t("result.title")}>
      <Head head={head} />
      <div className="g-row q-result-bar">
        <SegmentedControl
          aria-label={t("result.faces")}
          value={face}
          onChange={(value) => show(value as Face)}
          fullWidth={narrow}
          data={FACES.map((value) => ({ value, label: t(`result.face_${value}`) }))}
        />
        <span className="g-grow" />
        <Keep answer={answer} kind={kind} face={face} />
        <Export head={head} view={view} kind={kind} />
      </div>
      {face === "table" && <Table key={head.id} head={head} view={view} onView={setView} onDrawn={drawn} />}
      {face === "chart" && <Chart result={head.id} kind={kind} onKind={setKind} onDrawn={drawn} />}
      {face === "columns" && <Glance result={head.id} columns={head.columns} />}
      {face === "about" && <About head={head} />}
    </section>
  );
}

/** Tells the house how long it took from the answer to its picture, once. */
function useRendered({ head, came }: Answer): () => void {
  const house = useHouse();
  const told = useRef("");
  return useCallback(() => {
    if (told.current === head.id) return;
    told.current = head.id;
    house.call("data.rendered", { result: head.id, seconds: (performance.now() - came) / 1000 }).catch(() => undefined); // a figure less
  }, [house, head.id, came]);
}

function Head({ head }: { readonly head: DataNormalizedResult }) {
  const { t } = useTranslation("data_pages");
  const format = useFormat();
  return (
    <header className="q-result-head">
      <h2>{t("table.rows", { count: head.rows, number: format.number(head.rows) })}</h2>
      <span className="g-quiet">
        {t("result.took", { source: head.provenance.source, time: format.span(head.timing.execute + head.timing.normalise), size: format.size(head.bytes) })}
      </span>
      {head.truncated && (
        <p className="q-warning" role="note">
          {head.about !== null && head.about > head.rows
            ? t("result.first_of", { rows: format.number(head.rows), about: format.number(head.about) })
            : t("result.first", { rows: format.number(head.rows) })}
        </p>
      )}
      {head.notes.map((note) => (
        <p key={note} className="q-warning" role="note">
          {note}
        </p>
      ))}
    </header>
  );
}

function About({ head }: { readonly head: DataNormalizedResult }) {
  const { t, i18n } = useTranslation("data_pages");
  const format = useFormat();
  const { provenance, timing } = head;
  const when = new Intl.DateTimeFormat(i18n.language, { dateStyle: "medium", timeStyle: "medium" }).format(1000 * provenance.ran);
  const facts = [
    [t("about.source"), provenance.source],
    [t("about.question"), provenance.question],
    [t("about.by"), t(`by.${provenance.by}`, { defaultValue: provenance.by })],
    [t("about.ran"), when],
    [t("about.tables"), provenance.fingerprint.slice(0, 16)],
    ...(["generate", "validate", "wait", "first_rows", "execute", "normalise"] as const).map((stage) => [t(`stage.${stage}`), format.span(timing[stage])] as const),
  ] as const;
  return (
    <div className="g-card q-about">
      <Query query={provenance.query} dialect={provenance.dialect} />
      <dl>
        {facts
          .filter(([, value]) => value !== "")
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </div>
  );
}

function Export({ head, view, kind }: { readonly head: DataNormalizedResult; readonly view: View; readonly kind: ChartKind | null }) {
  const { t } = useTranslation("data_pages");
  const deeds = useDeeds();
  const [busy, work] = useState(false);
  const run = async (format: DataExport["format"]) => {
    work(true);
    await deeds.exportResult({ result: head.id, format, sorts: view.sort === null ? [] : [view.sort], filters: view.filters, ...(kind === null ? {} : { chart: kind }) });
    work(false);
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button size="xs" variant="default" loading={busy} leftSection={<IconFileExport size={15} aria-hidden />}>
          {t("export.title")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {view.filters.length > 0 && <Menu.Label>{t("export.filtered")}</Menu.Label>}
        {FORMATS.map((format) => (
          <Menu.Item key={format} onClick={() => void run(format)}>
            {t(`export.${format}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** The question of an answer as the history has it. */
export const useAskedOf = (question: string): DataAsked | undefined => useAsk("data.history", { question }, { enabled: question !== "" }).data?.questions[0];

function Keep({ answer, kind, face }: { readonly answer: Answer; readonly kind: ChartKind | null; readonly face: Face }) {
  const { t } = useTranslation("data_pages");
  const deeds = useDeeds();
  const asked = useAskedOf(answer.question);
  const mayTrust = useMay("data.trust");
  const [dialog, open] = useState<"" | "keep" | "pin">("");
  const [waits, wait] = useState("");
  const ended = useRef<AbortController | null>(null);
  if (asked === undefined) return null;
  const trust = async () => {
    ended.current?.abort();
    ended.current = new AbortController();
    if (asked.trusted) await deeds.distrust(asked.id);
    else await deeds.trust(asked, ended.current.signal, wait);
    wait("");
  };
  return (
    <>
      {waits !== "" && <span role="status">{waits}</span>}
      <Button size="xs" variant="default" aria-pressed={asked.favourite} onClick={() => void deeds.keep(asked.id, asked.name, !asked.favourite)} leftSection={asked.favourite ? <IconStarFilled size={15} aria-hidden /> : <IconStar size={15} aria-hidden />}>
        {t("keep.favourite")}
      </Button>
      <Button size="xs" variant="default" leftSection={<IconBookmark size={15} aria-hidden />} onClick={() => open("keep")}>
        {t(asked.name === "" ? "keep.save" : "keep.saved")}
      </Button>
      <Button size="xs" variant="default" leftSection={<IconPin size={15} aria-hidden />} onClick={() => open("pin")}>
        {t("keep.pin")}
      </Button>
      {mayTrust && (
        <Button size="xs" variant="default" aria-pressed={asked.trusted} leftSection={<IconShieldCheck size={15} aria-hidden />} onClick={() => void trust()} title={t("keep.trust_about")}>
          {t(asked.trusted ? "keep.distrust" : "keep.trust")}
        </Button>
      )}
      <KeepDialog asked={dialog === "keep" ? asked : null} close={() => open("")} />
      <PinDialog asked={dialog === "pin" ? asked : null} chart={face === "chart" ? (kind ?? "bar") : "table"} close={() => open("")} />
    </>
  );
}
