// An utterance in full: its sound with the words, the spoken commands that were taken, remarks, and earlier texts.

import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { ErrorCard } from "../../frame/ErrorCard";
import { clock } from "../../frame/format";
import { useAsk, useHouse } from "../../frame/house";
import { RelativeTime } from "../../frame/RelativeTime";
import { SkeletonRows } from "../../frame/Skeleton";
import type { DictateTranscript, DictateUtterance, GarretError } from "../../protocol/contracts";
import { useDeeds } from "./deeds";
import { emptiness } from "./emptiness";
import { follow } from "./follow";
import { Player } from "./Player";

const SEGMENTS = 300; // some 20,000 words in one page

/** See the module. */
export function Details({ utterance }: { readonly utterance: DictateUtterance }) {
  const { t } = useTranslation("dictate");
  const house = useHouse();
  const pages = useInfiniteQuery<DictateTranscript, GarretError>({
    queryKey: ["dictate.get", { utterance: utterance.id }],
    queryFn: ({ pageParam, signal }) =>
      house.call("dictate.get", { utterance: utterance.id, first: pageParam as number, limit: SEGMENTS }, { signal }),
    initialPageParam: 0,
    getNextPageParam: (last, all) => {
      const shown = all.reduce((count, page) => count + page.segments.length, 0);
      return last.segments.length > 0 && shown < last.total ? shown : undefined;
    },
    enabled: utterance.deleted === 0,
  });
  const found = pages.data?.pages;
  const words = useMemo(() => {
    const segments = (found ?? []).flatMap((page) => page.segments);
    return follow((found ?? []).map((page) => page.text).join(""), segments);
  }, [found]);
  if (utterance.deleted > 0) return <p className="d-text">{utterance.text}</p>;
  if (found === undefined)
    return pages.error === null ? <SkeletonRows rows={2} /> : <ErrorCard error={pages.error} onRetry={() => void pages.refetch()} />;
  return (
    <div className="d-details">
      {utterance.text === "" && <p className="d-none">{t(`textless.${emptiness(utterance)}`)}</p>}
      <Player utterance={utterance.id} seconds={utterance.audio_seconds} words={words} hasAudio={utterance.has_audio} />
      {pages.hasNextPage && (
        <Button size="xs" variant="default" loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          {t("card.rest")}
        </Button>
      )}
      <Commands utterance={utterance.id} transcripts={found} />
      <Remarks transcript={found[0]} />
      <Versions utterance={utterance} />
    </div>
  );
}

function Commands({ utterance, transcripts }: { readonly utterance: string; readonly transcripts: readonly DictateTranscript[] }) {
  const { t } = useTranslation("dictate");
  const deeds = useDeeds();
  const all = transcripts.flatMap((page) => page.segments.flatMap((segment) => segment.commands));
  if (all.length === 0) return null;
  return (
    <section aria-label={t("commands.taken")}>
      <h3>{t("commands.taken")}</h3>
      <ul className="d-taken">
        {all.map((command) => (
          <li key={command.number}>
            <span className="g-figure g-quiet">{clock(command.start)}</span>
            <q>{command.words}</q>
            <span className="g-quiet">{t(`does.${command.did}`, { defaultValue: command.did })}</span>
            {command.restored ? (
              <span className="d-chip">{t("commands.restored")}</span>
            ) : (
              <Button size="compact-xs" variant="default" onClick={() => deeds.restoreWords(utterance, command.number)}>
                {t("commands.words_again")}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Remarks({ transcript }: { readonly transcript: DictateTranscript | undefined }) {
  const { t } = useTranslation("dictate");
  if (transcript === undefined || transcript.notes.length === 0) return null;
  return (
    <section aria-label={t("card.remarks")}>
      <h3>{t("card.remarks")}</h3>
      <ul className="d-taken">
        {transcript.notes.map((note, index) => (
          <li key={index}>
            {note.end > 0 && <span className="g-figure g-quiet">{clock(note.start)}</span>}
            <span>{note.sentence}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Earlier texts, where there are any, each of which can count again. */
function Versions({ utterance }: { readonly utterance: DictateUtterance }) {
  const { t } = useTranslation("dictate");
  const deeds = useDeeds();
  const told = useAsk("dictate.versions", { utterance: utterance.id });
  const all = told.data?.versions ?? [];
  if (told.error !== null) return <ErrorCard error={told.error} onRetry={() => void told.refetch()} />;
  if (all.length < 2) return null;
  return (
    <section aria-label={t("versions.title")}>
      <h3>{t("versions.title")}</h3>
      <ol className="d-versions">
        {all.map((version) => (
          <li key={version.id} aria-current={version.counts || undefined}>
            <div className="d-head">
              <RelativeTime at={version.made} />
              <span>{version.kind === "correction" ? t("versions.correction") : t("engine.label", { name: t(`engine.${version.engine}`, { defaultValue: version.engine }), quality: version.quality })}</span>
              <span className="g-grow" />
              {version.counts ? (
                <span className="d-chip">{t("versions.counts")}</span>
              ) : (
                <Button size="compact-xs" variant="default" onClick={() => void deeds.revert(utterance, version.id)}>
                  {t("versions.revert")}
                </Button>
              )}
            </div>
            <p>{version.text}</p>
          </li>
        ))}
      </ol>
    </section>
  );
}
