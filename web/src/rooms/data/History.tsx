// All that was asked: found by words, by source, only what is saved; asked again, or its answer shown while it is here.

import "./data.css";
import { ActionIcon, Button, Checkbox, CloseButton, NativeSelect, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconHistory, IconRefresh, IconSearch, IconStar, IconStarFilled, IconTable } from "@tabler/icons-react";
import { useNavigate, useRouterState } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { EmptyState } from "../../frame/EmptyState";
import { ErrorCard } from "../../frame/ErrorCard";
import { useFormat } from "../../frame/format";
import { Faces } from "../../frame/Faces";
import { useAsk, useHouse } from "../../frame/house";
import { remember, useRemembered } from "../../frame/remembered";
import { RelativeTime } from "../../frame/RelativeTime";
import { RoomPage } from "../../frame/RoomPage";
import { VirtualList } from "../../frame/VirtualList";
import { GarretError, type DataAsked } from "../../protocol/contracts";
import { asking } from "./asking";
import { useDeeds } from "./deeds";
import { useSources } from "./sources";

const PAGE = 100;
const ASK: string = "/data";

export default function History() {
  const { t } = useTranslation("data_pages");
  const { sources } = useSources();
  const [query, find] = useState("");
  const [settled] = useDebouncedValue(query, 150);
  const [source, choose] = useState("");
  const [saved, only] = useRemembered("data.saved", false);
  const [favourites, favour] = useRemembered("data.favourites", false);
  const wanted = { limit: PAGE, find: settled.trim(), source, saved };
  const first = useAsk("data.history", wanted);
  const { all, more, error } = useMore(first.data?.questions, wanted);
  const shown = favourites ? all.filter((each) => each.favourite) : all;
  const filtered = settled.trim() !== "" || source !== "" || saved || favourites;
  const marked = useRouterState({ select: (state) => state.location.hash });
  const clear = () => {
    find("");
    choose("");
    only(false);
    favour(false);
  };
  const empty = filtered ? (
    <EmptyState icon={IconSearch} title={t("history.none")} action={{ title: t("history.clear"), run: clear }}>
      {t("history.none_text")}
    </EmptyState>
  ) : (
    <EmptyState icon={IconHistory} title={t("history.empty")}>
      {t("history.empty_text")}
    </EmptyState>
  );
  return (
    <RoomPage title={t("history.title")} lead={t("history.lead")} fill>
      <div className="g-row" role="search">
        <TextInput
          className="q-find"
          aria-label={t("history.find")}
          placeholder={t("history.find")}
          value={query}
          onChange={(event) => find(event.currentTarget.value)}
          leftSection={<IconSearch size={16} aria-hidden />}
          rightSection={query === "" ? null : <CloseButton size="sm" aria-label={t("schema.clear")} onClick={() => find("")} />}
        />
        <NativeSelect aria-label={t("ask.source")} value={source} onChange={(event) => choose(event.currentTarget.value)} data={[{ value: "", label: t("history.every") }, ...sources.map((each) => ({ value: each.id, label: each.name }))]} />
        <Checkbox label={t("history.saved")} checked={saved} onChange={(event) => only(event.currentTarget.checked)} />
        <Checkbox label={t("history.favourites")} checked={favourites} onChange={(event) => favour(event.currentTarget.checked)} />
      </div>
      {error !== null && <ErrorCard error={error} onRetry={more} />}
      <Faces of={first} isEmpty={() => shown.length === 0} empty={empty}>
        {() => (
          <div className="q-history">
            <VirtualList items={shown} keyOf={(each) => each.id} label={t("history.title")} estimate={72} onEnd={more} render={(each) => <Entry asked={each} marked={each.id === marked} />} />
          </div>
        )}
      </Faces>
    </RoomPage>
  );
}

/** The first page, which stays fresh, and those below it as they are needed. */
function useMore(first: readonly DataAsked[] | undefined, wanted: { readonly limit: number; readonly find: string; readonly source: string; readonly saved: boolean }) {
  const house = useHouse();
  const [rest, add] = useState<readonly DataAsked[]>([]);
  const [busy, work] = useState(false);
  const [over, end] = useState(false);
  const [error, fail] = useState<GarretError | null>(null);
  const key = JSON.stringify(wanted);
  useEffect(() => {
    add([]);
    end(false);
    fail(null);
  }, [key]);
  const known = new Set((first ?? []).map((each) => each.id));
  const all = [...(first ?? []), ...rest.filter((each) => !known.has(each.id))];
  const more = () => {
    const last = all.at(-1);
    if (busy || over || last === undefined || (first?.length ?? 0) < wanted.limit) return;
    work(true);
    house
      .call("data.history", { ...wanted, before: last.id })
      .then(
        ({ questions }) => {
          add([...rest, ...questions]);
          end(questions.length < wanted.limit);
          fail(null);
        },
        (reason: unknown) => fail(reason instanceof GarretError ? reason : null),
      )
      .finally(() => work(false));
  };
  return { all, more, error };
}

function Entry({ asked, marked }: { readonly asked: DataAsked; readonly marked: boolean }) {
  const { t } = useTranslation("data_pages");
  const format = useFormat();
  const house = useHouse();
  const deeds = useDeeds();
  const navigate = useNavigate();
  const words = asked.question || asked.query || asked.reading;
  const go = (deed: () => Promise<void>) => {
    remember("data.source", asked.source);
    void deed();
    void navigate({ to: ASK });
  };
  // What is not trusted is looked at again before it runs.
  const again = () => go(() => (asked.trusted ? asking.rerun(house, asked.id) : asking.draft(house, { source: asked.source, query: asked.query })));
  return (
    <article className="q-asked" data-marked={marked || undefined}>
      <div className="g-row">
        <ActionIcon
          aria-label={t("history.favour", { question: asked.name || words })}
          aria-pressed={asked.favourite}
          disabled={asked.query === ""}
          onClick={() => void deeds.keep(asked.id, asked.name, !asked.favourite)}
        >
          {asked.favourite ? <IconStarFilled size={16} aria-hidden /> : <IconStar size={16} aria-hidden />}
        </ActionIcon>
        <strong className="q-asked-words">{asked.name || words}</strong>
        <span className="g-grow" />
        {asked.result !== "" && (
          <Button size="xs" variant="default" leftSection={<IconTable size={14} aria-hidden />} onClick={() => go(() => asking.open(house, asked.id, asked.result))}>
            {t("history.show")}
          </Button>
        )}
        {asked.query !== "" && (
          <Button size="xs" variant="default" leftSection={<IconRefresh size={14} aria-hidden />} onClick={again}>
            {t(asked.trusted ? "history.rerun" : "history.again")}
          </Button>
        )}
      </div>
      <p className="g-quiet q-note">
        <span className="q-asked-state" data-state={asked.state}>
          {t(`asked.${asked.state}`)}
        </span>
        {" · "}
        {asked.source_name} · <RelativeTime at={asked.asked} />
        {asked.state === "answered" && ` · ${t("table.rows", { count: asked.rows, number: format.number(asked.rows) })} · ${format.span(asked.seconds)}`}
        {asked.name !== "" && ` · ${t("keep.saved")}`}
        {asked.trusted && ` · ${t("history.trusted")}`}
      </p>
      {asked.message !== "" && <p className="q-asked-message">{asked.message}</p>}
      {asked.name !== "" && asked.name !== words && <p className="g-quiet q-note q-asked-query">{words}</p>}
    </article>
  );
}
