// How long each stage of a question takes: the median, and the time within which 95 of 100 are done.

import "./data.css";
import { IconClock } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { EmptyState } from "../../frame/EmptyState";
import { Faces } from "../../frame/Faces";
import { useFormat } from "../../frame/format";
import { useAsk } from "../../frame/house";
import { RoomPage } from "../../frame/RoomPage";
import type { DataStageFigures } from "../../protocol/contracts";

const LEAST = 0.0001; // seconds, where the scale begins

/** Where a time stands on a logarithmic scale from 0.1 ms to `most`, 0 to 1. Pure. */
export const placeOn = (seconds: number, most: number): number =>
  most <= LEAST ? 0 : Math.min(1, Math.max(0, Math.log(Math.max(seconds, LEAST) / LEAST) / Math.log(most / LEAST)));

export default function Timings() {
  const { t } = useTranslation("data_pages");
  const stages = useAsk("data.stages", {}, { fresh: true });
  return (
    <RoomPage title={t("timings.title")} lead={t("timings.lead")}>
      <Faces
        of={stages}
        isEmpty={(data) => data.stages.every((each) => each.count === 0)}
        empty={
          <EmptyState icon={IconClock} title={t("timings.none")}>
            {t("timings.none_text")}
          </EmptyState>
        }
      >
        {(data) => <Bars stages={data.stages.filter((each) => each.count > 0)} />}
      </Faces>
    </RoomPage>
  );
}

function Bars({ stages }: { readonly stages: readonly DataStageFigures[] }) {
  const { t } = useTranslation("data_pages");
  const format = useFormat();
  const most = Math.max(0.001, ...stages.map((each) => each.p95));
  const percent = (seconds: number) => `${100 * placeOn(seconds, most)}%`;
  return (
    <section className="g-card" aria-label={t("timings.title")}>
      <p className="g-quiet q-note">{t("timings.about")}</p>
      <table className="q-stages">
        <thead>
          <tr>
            <th scope="col">{t("timings.stage")}</th>
            <th scope="col" aria-hidden />
            <th scope="col">{t("timings.p50")}</th>
            <th scope="col">{t("timings.p95")}</th>
            <th scope="col">{t("timings.count")}</th>
          </tr>
        </thead>
        <tbody>
          {stages.map((each) => (
            <tr key={each.stage}>
              <th scope="row">{t(`stage.${each.stage}`, { defaultValue: each.stage })}</th>
              <td className="q-stage-bar" aria-hidden>
                <i style={{ inlineSize: percent(each.p95) }} />
                <i style={{ inlineSize: percent(each.p50) }} />
              </td>
              <td className="g-figure">{format.span(each.p50)}</td>
              <td className="g-figure">{format.span(each.p95)}</td>
              <td className="g-figure">{format.number(each.count)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
