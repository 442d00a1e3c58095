// Recordings that are becoming text: how far each is, with a cancel, and what went wrong beside it.

import { ActionIcon, Button, Progress } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconRefresh, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { useFormat } from "../../frame/format";
import { useHouse } from "../../frame/house";
import { isOver, recordings, useRecordings, type Recording } from "./recordings";

/** See the module. Nothing where there are none. */
export function Queue({ engine }: { readonly engine: string }) {
  const { t } = useTranslation("dictate");
  const all = useRecordings();
  if (all.length === 0) return null;
  const going = all.filter((each) => !isOver(each.stage)).length;
  return (
    <section className="g-card d-queue" aria-label={t("files.title")}>
      <div className="d-head">
        <h2>{t("files.title")}</h2>
        <span className="g-quiet" role="status">
          {t("files.count", { done: all.length - going, count: all.length })}
        </span>
        <span className="g-grow" />
        {going > 1 && (
          <Button size="xs" variant="subtle" color="gray" onClick={() => recordings.cancelAll()}>
            {t("files.cancel_all")}
          </Button>
        )}
        {going < all.length && (
          <Button size="xs" variant="subtle" color="gray" onClick={() => recordings.tidy()}>
            {t("files.tidy")}
          </Button>
        )}
      </div>
      <ul>
        {all.map((each) => (
          <Row key={each.id} recording={each} engine={engine} />
        ))}
      </ul>
    </section>
  );
}

function Row({ recording, engine }: { readonly recording: Recording; readonly engine: string }) {
  const { t } = useTranslation("dictate");
  const house = useHouse();
  const format = useFormat();
  const { stage, name, fraction } = recording;
  const share = stage === "hearing" ? 100 * fraction : stage === "done" ? 100 : 0;
  return (
    <li className="d-recording" data-stage={stage}>
      {stage === "done" && <IconCheck size={16} className="d-good" aria-hidden />}
      {stage === "failed" && <IconAlertTriangle size={16} className="d-bad" aria-hidden />}
      <span className="d-recording-name">{name}</span>
      <span className="g-quiet g-figure">{format.size(recording.bytes)}</span>
      <span className="g-quiet g-figure">{stage === "hearing" ? format.percent(fraction) : t(`files.${stage}`)}</span>
      {isOver(stage) ? (
        stage !== "done" && (
          <ActionIcon variant="subtle" color="gray" size="md" aria-label={t("files.again", { name })} onClick={() => recordings.retry(house, recording.id, engine)}>
            <IconRefresh size={16} />
          </ActionIcon>
        )
      ) : (
        <ActionIcon variant="subtle" color="gray" size="md" aria-label={t("files.cancel", { name })} onClick={() => recordings.cancel(recording.id)}>
          <IconX size={16} />
        </ActionIcon>
      )}
      {!isOver(stage) && (
        <Progress className="d-recording-bar" value={stage === "sending" ? 100 : share} data-unknown={stage === "sending" || undefined} size="xs" aria-label={t("files.progress", { name })} />
      )}
      {recording.problem !== "" && <p role="alert">{recording.problem}</p>}
    </li>
  );
}
