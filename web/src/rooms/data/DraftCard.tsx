// A draft: what the question was understood as, what would run, what it touches, and the one button that runs it.
//
// A draft that may not run says which rule refuses it and what would be allowed; a question that was not understood,
// what can be asked; one that has several readings, each of them.

import { Button } from "@mantine/core";
import { IconHelpCircle, IconPlayerPlay, IconShieldX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { useFormat } from "../../frame/format";
import { useMay } from "../../frame/house";
import { KeyCaps } from "../../frame/keys";
import type { DataAlternative, DataDraft } from "../../protocol/contracts";
import { Query } from "./Query";
import type { Dialect } from "./sources";

export const APPROVE_KEYS = "Ctrl+Enter";

export interface DraftCardProps {
  readonly draft: DataDraft;
  readonly dialect: Dialect;
  /** It runs now, or what is written is no longer what this draft is of. */
  readonly still: boolean;
  /** Its answer is shown: the card makes room for it. */
  readonly answered: boolean;
  /** Remarks on the whole source: those on tables that the draft does not touch are left out here. */
  readonly known: readonly string[];
  readonly onRun: () => void;
  readonly onChoose: (alternative: DataAlternative) => void;
  readonly onEdit: (query: string) => void;
}

/** See the module. */
export function DraftCard({ draft, dialect, still, answered, known, onRun, onChoose, onEdit }: DraftCardProps) {
  const { t } = useTranslation("data_pages");
  const mayRun = useMay("data.run");
  const mayGrant = useMay("house.approval_grant");
  const { translation, checked, refusal } = draft;
  return (
    <article className="g-card q-draft" aria-label={t("draft.title")} data-still={still || undefined}>
      {translation.outcome === "query" ? (
        <h2>{translation.reading || t(translation.by === "person" ? "draft.own" : "draft.title")}</h2>
      ) : (
        <p className="q-asks-back" role="status">
          <IconHelpCircle size={18} aria-hidden /> <span>{translation.message}</span>
        </p>
      )}
      {translation.alternatives.length > 0 && (
        <div className="q-chips" role="group" aria-label={t("draft.alternatives")}>
          <span className="g-quiet">{t(translation.outcome === "unclear" ? "draft.which" : "draft.or")}</span>
          {translation.alternatives.map((each) => (
            <button key={`${each.label}\n${each.query}`} type="button" className="q-chip" title={each.reading} onClick={() => onChoose(each)}>
              {each.label || each.reading}
            </button>
          ))}
        </div>
      )}
      {refusal !== null && (
        <div className="q-refusal" role="alert">
          <IconShieldX size={18} aria-hidden />
          <div>
            <strong>{refusal.message}</strong>
            {!refusal.message.includes(refusal.allowed) && <p>{t("draft.allowed", { what: refusal.allowed })}</p>}
            {!refusal.message.includes(refusal.rule) && <p className="g-quiet">{t("draft.rule", { rule: refusal.rule })}</p>}
          </div>
        </div>
      )}
      {(checked !== null || translation.query !== "") && <Query query={checked?.query ?? translation.query} dialect={dialect} />}
      {checked !== null && answered ? (
        <details>
          <summary>{t("draft.touches")}</summary>
          <Facts draft={draft} />
        </details>
      ) : (
        <>
          {checked !== null && <Facts draft={draft} />}
          {remarksOn(draft, known).map((note) => (
            <p key={note} className="q-warning" role="note">
              {note}
            </p>
          ))}
        </>
      )}
      <div className="g-row">
        {checked !== null && mayRun && (
          <Button onClick={onRun} disabled={still} variant={answered ? "default" : "filled"} leftSection={<IconPlayerPlay size={16} aria-hidden />} rightSection={<KeyCaps keys={APPROVE_KEYS} />}>
            {t(answered ? "draft.again" : mayGrant ? "draft.approve" : "draft.ask_approval")}
          </Button>
        )}
        {translation.query !== "" && (
          <Button variant="default" onClick={() => onEdit(checked?.query ?? translation.query)}>
            {t("draft.edit")}
          </Button>
        )}
        {checked !== null && !answered && <span className="g-quiet q-note">{t(mayGrant ? "draft.exactly" : "draft.exactly_elsewhere")}</span>}
      </div>
    </article>
  );
}

/** What has to be said of this draft. Pure. */
export function remarksOn(draft: DataDraft, known: readonly string[]): readonly string[] {
  const touched = draft.checked?.tables ?? [];
  const about = (note: string) => touched.some((table) => note.toLowerCase().includes((table.split(".").at(-1) ?? table).toLowerCase()));
  return draft.notes.filter((note) => !known.includes(note) || about(note));
}

function Facts({ draft }: { readonly draft: DataDraft }) {
  const { t } = useTranslation("data_pages");
  const format = useFormat();
  const { checked, estimate, limits } = draft;
  const { rows, seconds, cost } = estimate ?? { rows: null, seconds: null, cost: null };
  const expected = [
    rows === null ? "" : t("draft.rows", { count: rows, number: format.number(rows) }),
    seconds === null ? "" : format.span(seconds),
    cost === null ? "" : t("draft.cost", { cost: format.number(cost) }),
  ].filter((each) => each !== "");
  const facts = [
    [t("draft.tables"), checked?.tables.join(", ") || t("draft.no_table")],
    [t("draft.columns"), checked?.columns.join(", ") ?? ""],
    [t("draft.expected"), expected.length === 0 ? t("draft.unknown") : expected.join(" · ")],
    [t("draft.limits"), t("draft.limits_said", { rows: format.number(limits.rows), size: format.size(limits.bytes), time: format.span(limits.seconds) })],
    [t("draft.where"), draft.where],
    [t("draft.by"), t(`by.${draft.translation.by}`, { defaultValue: draft.translation.by })],
  ] as const;
  return (
    <dl className="q-facts">
      {facts
        .filter(([, value]) => value !== "")
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      {estimate !== null && estimate.plan !== "" && (
        <details>
          <summary>{t("draft.plan")}</summary>
          <pre className="q-plan" tabIndex={0}>
            {estimate.plan}
          </pre>
        </details>
      )}
    </dl>
  );
}
