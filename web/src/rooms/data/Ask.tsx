// Ask: a question in words or a query of one's own, the draft of it, its run, its answer. Nothing runs before a person
// has seen what would and said so.

import "./data.css";
import { Button, NativeSelect, Progress, SegmentedControl, Textarea } from "@mantine/core";
import { IconDatabase, IconDatabasePlus } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";

import { EmptyState } from "../../frame/EmptyState";
import { ErrorCard } from "../../frame/ErrorCard";
import { useFormat } from "../../frame/format";
import { Faces } from "../../frame/Faces";
import { useAsk, useHouse, useMay } from "../../frame/house";
import { useKeys } from "../../frame/keys";
import { useDraft, useRemembered } from "../../frame/remembered";
import { RoomPage } from "../../frame/RoomPage";
import { SkeletonRows, useLate } from "../../frame/Skeleton";
import { useStore } from "../../frame/store";
import type { DataSource } from "../../protocol/contracts";
import { asking, type Running } from "./asking";
import { APPROVE_KEYS, DraftCard } from "./DraftCard";
import { examples } from "./examples";
import { Result } from "./Result";
import { inJson, useChosenSource, useSources } from "./sources";

const Editor = lazy(() => import("./Editor"));

const ADD: string = "/data/sources";
const COMPLETED = 200; // tables that the editor completes

export default function Ask() {
  const { t } = useTranslation("data_pages");
  const navigate = useNavigate();
  const found = useSources();
  const [source, choose, usable] = useChosenSource();
  const mayAdd = useMay("data.add");
  const empty = (
    <EmptyState
      icon={IconDatabase}
      title={t("ask.none")}
      action={mayAdd ? { title: t("sources.add"), run: () => void navigate({ to: ADD, hash: "add" }), icon: <IconDatabasePlus size={16} aria-hidden /> } : undefined}
    >
      {t(found.sources.length > 0 ? "ask.all_off" : mayAdd ? "ask.none_text" : "ask.none_browser")}
    </EmptyState>
  );
  return (
    <RoomPage
      title={t("ask.title")}
      lead={t("ask.lead")}
      actions={
        source !== undefined && (
          <NativeSelect
            aria-label={t("ask.source")}
            value={source.id}
            onChange={(event) => (asking.clear(), choose(event.currentTarget.value))}
            data={usable.map((each) => ({ value: each.id, label: each.name }))}
          />
        )
      }
    >
      <Faces of={found} isEmpty={() => source === undefined} empty={empty}>
        {() => source !== undefined && <Room key={source.id} source={source} />}
      </Faces>
    </RoomPage>
  );
}

type Way = "words" | "query";

function Room({ source }: { readonly source: DataSource }) {
  const { t } = useTranslation("data_pages");
  const house = useHouse();
  const profile = useAsk("house.me", {}).data?.profile ?? "";
  const mayGrant = useMay("house.approval_grant");
  const [way, goBy] = useRemembered<Way>("data.way", "words");
  const [text, type] = useDraft(`data.ask.${source.id}`, profile);
  const [query, write] = useDraft(`data.query.${source.id}`, profile);
  const { draft, running, answer, error, reading } = useStore(asking.state);
  const catalogue = useAsk("data.catalogue", { source: source.id, count: COMPLETED });
  const tables = catalogue.data?.tables;
  const questions = useMemo(() => examples(tables ?? NONE), [tables]);
  const here = draft !== null && draft.source === source.id ? draft : null;
  const goesOn = way === "words" && here !== null && here.translation.outcome === "query" && here.question !== "" && here.question !== text.trim();

  const check = (question = text, previous = "") => {
    if (way === "words" && question.trim() !== "") void asking.draft(house, { source: source.id, text: question.trim(), previous });
    if (way === "query" && query.trim() !== "") void asking.draft(house, { source: source.id, query });
  };
  /** What is written is what the draft is of. */
  const current = here !== null && (way === "query" ? here.translation.by !== "person" || here.translation.query === query : true);
  const still = running !== null || reading !== "" || !current;
  const run = () => {
    if (!still) void asking.run(house, mayGrant);
  };
  useKeys([{ keys: APPROVE_KEYS, title: t("draft.approve"), group: t("ask.title"), run }]);
  const edit = (text_: string) => {
    write(text_);
    goBy("query");
  };
  return (
    <div className="q-ask">
      <div className="q-box">
        <SegmentedControl
          aria-label={t("ask.way")}
          value={way}
          onChange={(value) => goBy(value as Way)}
          data={[
            { value: "words", label: t("ask.words") },
            { value: "query", label: t(inJson(source.dialect) ? "ask.json" : source.dialect === "cypher" ? "ask.cypher" : "ask.sql") },
          ]}
        />
        {way === "words" ? (
          <Words text={text} type={type} check={() => check()} example={questions[0] ?? ""} />
        ) : (
          <Suspense fallback={<SkeletonRows rows={2} />}>
            <Editor label={t("query.title")} hint={t(inJson(source.dialect) ? "ask.json_hint" : "ask.query_hint")} value={query} onChange={write} onCheck={() => check()} dialect={source.dialect} tables={tables ?? NONE} />
          </Suspense>
        )}
        <div className="g-row">
          <Button onClick={() => check()} loading={reading !== ""} disabled={(way === "words" ? text : query).trim() === ""} variant={here === null || !current ? "filled" : "default"}>
            {t(way === "words" ? "ask.read" : "ask.check")}
          </Button>
          {goesOn && (
            <Button variant="default" onClick={() => check(text, here.id)} title={t("ask.go_on_about", { question: here.question })}>
              {t("ask.go_on")}
            </Button>
          )}
          {(here !== null || answer !== null || error !== null) && (
            <Button variant="subtle" color="gray" onClick={() => (asking.clear(), type(""), way === "query" && write(""))}>
              {t("ask.anew")}
            </Button>
          )}
          <span className="g-quiet q-note">{t(way === "words" ? "ask.keys" : "ask.editor_keys")}</span>
        </div>
      </div>
      {catalogue.error !== null && <ErrorCard error={catalogue.error} title={t("ask.no_catalogue")} onRetry={() => void catalogue.refetch()} />}
      {error !== null && <ErrorCard error={error} />}
      {here !== null && (
        <DraftCard draft={here} dialect={source.dialect} still={still} answered={answer !== null} known={catalogue.data?.notes ?? NONE} onRun={run} onChoose={(each) => void asking.choose(house, here, each)} onEdit={edit} />
      )}
      {running !== null && <UnderWay running={running} limit={here?.limits.rows ?? 0} />}
      {answer !== null && <Result key={answer.head.id} answer={answer} />}
      {here === null && answer === null && running === null && way === "words" && (
        <Examples questions={questions} choose={(question) => (type(question), check(question))} />
      )}
    </div>
  );
}

const NONE: readonly [] = [];

/** The box for words: Enter has them read, Shift+Enter breaks the line. */
function Words({ text, type, check, example }: { readonly text: string; readonly type: (text: string) => void; readonly check: () => void; readonly example: string }) {
  const { t } = useTranslation("data_pages");
  const press = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.metaKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    check();
  };
  return (
    <Textarea
      aria-label={t("ask.box")}
      placeholder={example}
      size="md"
      autosize
      minRows={1}
      maxRows={6}
      maxLength={2000}
      value={text}
      onChange={(event) => type(event.currentTarget.value)}
      onKeyDown={press}
    />
  );
}

function Examples({ questions, choose }: { readonly questions: readonly string[]; readonly choose: (question: string) => void }) {
  const { t } = useTranslation("data_pages");
  if (questions.length === 0) return null;
  return (
    <section className="q-examples" aria-label={t("ask.examples")}>
      <h2>{t("ask.examples")}</h2>
      <ul>
        {questions.map((question) => (
          <li key={question}>
            <button type="button" className="q-example" onClick={() => choose(question)}>
              {question}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** A run: how long, how far, where it waits; and its end. */
function UnderWay({ running, limit }: { readonly running: Running; readonly limit: number }) {
  const { t } = useTranslation("data_pages");
  const format = useFormat();
  const late = useLate(true);
  const seconds = useSecondsSince(running.since);
  const { fetched, waits } = running;
  const place = useRef<HTMLElement>(null);
  useEffect(() => place.current?.scrollIntoView({ block: "nearest" }), [late]);
  if (!late) return null;
  const share = fetched === null || limit === 0 ? 0 : Math.min(1, fetched.rows / limit);
  return (
    <section ref={place} className="g-card q-running" aria-label={t("run.title")}>
      <div className="g-row">
        <strong role="status">{t(waits === "" ? "run.running" : "run.waits")}</strong>
        <span className="g-figure g-quiet" role="timer">
          {format.clock(seconds)}
        </span>
        {fetched !== null && <span className="g-figure">{t("run.fetched", { count: fetched.rows, rows: format.number(fetched.rows), size: format.size(fetched.bytes) })}</span>}
        <span className="g-grow" />
        <Button size="xs" variant="default" onClick={() => asking.cancel()}>
          {t("frame:cancel")}
        </Button>
      </div>
      {waits !== "" && <p>{t("run.waits_text")} <code>{waits}</code></p>}
      <Progress value={share === 0 ? 100 : 100 * share} animated={share === 0} striped={share === 0} size="sm" aria-label={t("run.title")} />
    </section>
  );
}

function useSecondsSince(since: number): number {
  const [now, look] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => look(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  return Math.max(0, (now - since) / 1000);
}
