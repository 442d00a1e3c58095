// The search field at the top: what rooms find is listed below it as they answer; arrows choose, Enter goes there.

import { Paper, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { memo, useId, useRef, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";

import { KeyCaps, LayerContext, useKeys, useLayer } from "./keys";
import { RelativeTime } from "./RelativeTime";
import type { SearchHit } from "./room";
import { SHORTEST, useSearch, type Search } from "./searching";

export interface SearchFieldProps {
  readonly go: (path: string) => void;
}

/** See the module. Drawn anew only for what it is told, not for what comes over the page. */
export const SearchField = memo(function SearchField({ go }: SearchFieldProps) {
  const { t } = useTranslation();
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const [opened, setOpened] = useState(false);
  const [chosen, setChosen] = useState(0);
  const search = useSearch(opened ? text : "");
  const hits = search.found.flatMap((each) => each.hits);
  const shown = opened && text.trim() !== "";
  const current = Math.min(chosen, hits.length - 1);
  const layer = useLayer(shown, () => setOpened(false));
  useKeys([{ keys: "/", title: t("keys.search"), group: t("keys.everywhere"), run: () => field.current?.focus() }]);

  const open = (hit: SearchHit) => {
    setOpened(false);
    setText("");
    field.current?.blur();
    go(hit.path);
  };
  const press = (event: KeyboardEvent) => {
    const hit = hits[current];
    if (event.key === "ArrowDown") setChosen(Math.min(hits.length - 1, current + 1));
    else if (event.key === "ArrowUp") setChosen(Math.max(0, current - 1));
    else if (event.key === "Enter" && hit !== undefined) open(hit);
    else return;
    event.preventDefault();
  };
  return (
    <div
      className="g-search"
      role="search"
      aria-label={t("search.label")}
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) setOpened(false);
      }}
    >
      <TextInput
        ref={field}
        size="sm"
        aria-label={t("search.label")}
        placeholder={t("search.placeholder")}
        leftSection={<IconSearch size={16} stroke={1.7} aria-hidden />}
        rightSection={text === "" ? <KeyCaps keys="/" /> : undefined}
        rightSectionPointerEvents="none"
        value={text}
        role="combobox"
        aria-expanded={shown}
        aria-controls={`${id}-found`}
        aria-autocomplete="list"
        aria-activedescendant={shown && hits[current] !== undefined ? `${id}-${current}` : undefined}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setChosen(0);
          setOpened(true);
        }}
        onFocus={() => setOpened(true)}
        onKeyDown={press}
      />
      {shown && (
        <LayerContext value={layer}>
          <Paper className="g-found" shadow="md" withBorder>
            <Hits id={id} text={text} search={search} hits={hits} current={current} open={open} />
          </Paper>
        </LayerContext>
      )}
    </div>
  );
});

interface HitsProps {
  readonly id: string;
  readonly text: string;
  readonly search: Search;
  readonly hits: readonly SearchHit[];
  readonly current: number;
  readonly open: (hit: SearchHit) => void;
}

function Hits({ id, text, search, hits, current, open }: HitsProps) {
  const { t } = useTranslation();
  const short = text.trim().length < SHORTEST;
  const said = short ? t("search.short") : search.searching ? t("loading") : hits.length === 0 ? t("search.nothing") : t("search.found", { count: hits.length });
  return (
    <>
      <div id={`${id}-found`} role="listbox" aria-label={t("search.label")}>
        {search.found.map((found) => (
          <div key={found.room.name} role="group" aria-label={t(found.room.title)}>
            {found.hits.length > 0 && <div className="g-found-title">{t(found.room.title)}</div>}
            {found.hits.map((hit) => {
              const at = hits.indexOf(hit);
              return (
                <div
                  key={hit.id}
                  id={`${id}-${at}`}
                  role="option"
                  aria-selected={at === current}
                  className="g-found-hit"
                  onPointerDown={(event) => event.preventDefault()}
                  onClick={() => open(hit)}
                >
                  <span className="g-found-text">{hit.title}</span>
                  {hit.detail !== undefined && <span className="g-quiet g-found-text">{hit.detail}</span>}
                  {hit.at !== undefined && <RelativeTime at={hit.at} className="g-quiet" />}
                </div>
              );
            })}
          </div>
        ))}
      </div>
      {search.found.map((found) =>
        found.reason === "" ? null : (
          <p key={found.room.name} className="g-found-note">
            {t("search.failed", { room: t(found.room.title), reason: found.reason })}
          </p>
        ),
      )}
      <p className="g-found-note" role="status">
        {said}
      </p>
    </>
  );
}
