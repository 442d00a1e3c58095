// Each column of an answer at a glance: how many, how many are missing or different, extremes, and how they spread.

import { UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { Faces } from "../../frame/Faces";
import { useFormat } from "../../frame/format";
import { useAsk } from "../../frame/house";
import type { DataColumnSummary, DataResultColumn } from "../../protocol/contracts";
import { isFigure } from "./columns";

export interface GlanceProps {
  readonly result: string;
  readonly columns: readonly DataResultColumn[];
  /** Those that are shown; empty: the first forty. */
  readonly only?: readonly string[];
  /** Keep the rows with this value. */
  readonly onValue?: (column: string, value: string) => void;
}

/** See the module. */
export function Glance({ result, columns, only = [], onValue }: GlanceProps) {
  const summary = useAsk("data.summary", { result, columns: only });
  return (
    <Faces of={summary}>
      {(data) => (
        <div className="q-glances">
          {data.columns.map((each) => (
            <One key={each.name} summary={each} column={columns.find((column) => column.name === each.name)} {...(onValue === undefined ? {} : { onValue })} />
          ))}
        </div>
      )}
    </Faces>
  );
}

interface OneProps {
  readonly summary: DataColumnSummary;
  readonly column: DataResultColumn | undefined;
  readonly onValue?: (column: string, value: string) => void;
}

function One({ summary, column, onValue }: OneProps) {
  const { t } = useTranslation("data_pages");
  const format = useFormat();
  const spread = column !== undefined && (isFigure(column) || ["date", "timestamp", "time"].includes(column.kind));
  const told = (text: string) => (column?.kind === "real" && Number.isFinite(Number(text)) ? format.number(Number(text), 6) : text);
  const most = Math.max(1, ...summary.bins.map(([, count]) => count));
  const facts = [
    [t("glance.missing"), summary.missing === 0 ? "0" : `${format.number(summary.missing)} (${format.percent(summary.missing / Math.max(1, summary.rows))})`],
    [t("glance.distinct"), format.number(summary.distinct)],
    ...(summary.lowest === "" && summary.highest === "" ? [] : [[t("glance.range"), `${told(summary.lowest)} – ${told(summary.highest)}`] as const]),
    ...(summary.mean === null ? [] : [[t("glance.mean"), format.number(summary.mean, 3)] as const]),
  ] as const;
  return (
    <section className="g-card q-glance" aria-label={summary.name}>
      <h3>
        {summary.name} <span className="g-quiet">{column?.type}</span>
      </h3>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="g-figure">{value}</dd>
          </div>
        ))}
      </dl>
      {spread ? (
        <div className="q-bins" role="img" aria-label={t("glance.spread", { column: summary.name, lowest: summary.lowest, highest: summary.highest })}>
          {summary.bins.map(([name, count]) => (
            <i key={name} title={`${name}: ${format.number(count)}`} style={{ blockSize: `${Math.max(count > 0 ? 3 : 0, (100 * count) / most)}%` }} />
          ))}
        </div>
      ) : (
        <ul className="q-tops">
          {summary.bins.map(([name, count]) => (
            <li key={name}>
              {onValue === undefined ? (
                <span className="q-top-name">{name}</span>
              ) : (
                <UnstyledButton className="q-top-name" onClick={() => onValue(summary.name, name)} title={t("glance.only", { value: name })}>
                  {name}
                </UnstyledButton>
              )}
              <span className="q-top-bar" aria-hidden>
                <i style={{ inlineSize: `${(100 * count) / most}%` }} />
              </span>
              <span className="g-figure">{format.number(count)}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
