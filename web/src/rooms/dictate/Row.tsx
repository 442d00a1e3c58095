// A row of the history's list. All rows have one height, so that any part of 100,000 is shown without measuring.
//
// Rows are fetched by pages of 100, which rows share; a row that is only passed by asks for nothing.

import { IconFile, IconMicrophone, IconMessageExclamation, IconPencil } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { memo, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { clock } from "../../frame/format";
import { useHouse } from "../../frame/house";
import { exact, relative } from "../../frame/time";
import type { DictateFilterInput, DictateUtterances, GarretError } from "../../protocol/contracts";
import { emptiness } from "./emptiness";

export const PAGE = 100;
export const ROW_REM = 4.25;

const PASSED_BY = 60; // milliseconds that a row has to be there before its page is fetched
const FORGOTTEN = 30_000; // milliseconds after which a page that nobody shows is let go

export interface RowProps {
  readonly place: number;
  readonly only: DictateFilterInput;
  readonly shown: string;
  readonly open: (id: string) => void;
  readonly chosen: ReadonlySet<string>;
  readonly toggle: (id: string) => void;
}

/** See the module. Plain elements: while one scrolls, dozens of rows are made in a second. */
export const Row = memo(function Row({ place, only, shown, open, chosen, toggle }: RowProps) {
  const { t, i18n } = useTranslation("dictate");
  const one = usePlace(place, only);
  if (one === undefined) return <div className="d-row" data-waiting />;
  const text = one.text || one.raw || one.error;
  return (
    <div className="d-row" data-shown={one.id === shown || undefined}>
      <label className="d-row-choice">
        <input type="checkbox" aria-label={t("history.choose_one")} checked={chosen.has(one.id)} onChange={() => toggle(one.id)} />
      </label>
      <button type="button" className="d-row-open" aria-current={one.id === shown || undefined} onClick={() => open(one.id)}>
        <span className="d-row-text">{text === "" ? <em className="g-quiet">{t(`textless.${emptiness(one)}`)}</em> : text}</span>
        <span className="d-row-about">
          {one.source === "microphone" || one.source === "push" ? <IconMicrophone size={13} aria-hidden /> : <IconFile size={13} aria-hidden />}
          <time title={exact(one.created, i18n.language)}>{relative(one.created, Date.now() / 1000, i18n.language)}</time>
          {one.audio_seconds > 0 && <span className="g-figure">{clock(one.audio_seconds)}</span>}
          <span className="d-row-source">{t(`source.${one.source}`, { defaultValue: one.source })}</span>
          {one.edited && <IconPencil size={13} aria-label={t("card.edited")} />}
          {one.note !== "" && <IconMessageExclamation size={14} aria-label={t("card.remarks")} />}
        </span>
      </button>
    </div>
  );
});

function usePlace(place: number, only: DictateFilterInput) {
  const house = useHouse();
  const [stays, stay] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => stay(true), PASSED_BY);
    return () => clearTimeout(timer);
  }, []);
  const skip = place - (place % PAGE);
  const command = { limit: PAGE, skip, characters: 300, count: skip === 0, only } as const;
  const found = useQuery<DictateUtterances, GarretError>({
    queryKey: ["dictate.history", command],
    queryFn: ({ signal }) => house.call("dictate.history", command, { signal }),
    enabled: stays,
    gcTime: FORGOTTEN,
  });
  return found.data?.utterances[place - skip];
}
