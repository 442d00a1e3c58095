// An error beside what it is about: what happened, what was kept, what to do; again, and copy for a report.

import { Button } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconAlertTriangle, IconCheck, IconCopy, IconRefresh } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { GarretError } from "../protocol/contracts";
import { Marked } from "./Marked";

/** What an error says to a person. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error && error.message !== "" ? error.message : String(error);
}

/** What an error says to whoever looks into it: the sentence, its code and its details. */
export function reportOf(error: unknown): string {
  if (error instanceof GarretError)
    return `${error.message}\n\ncode: ${error.code}\ndetails: ${JSON.stringify(error.details, null, 2)}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

export interface ErrorCardProps {
  readonly error: unknown;
  /** What was tried, where the error does not say so itself. */
  readonly title?: string;
  /** Try again; without it no button is shown. */
  readonly onRetry?: (() => void) | undefined;
  readonly children?: ReactNode;
}

/** See the module. */
export function ErrorCard({ error, title, onRetry, children }: ErrorCardProps) {
  const { t } = useTranslation();
  const clipboard = useClipboard({ timeout: 2000 });
  return (
    <div className="g-error" role="alert">
      <IconAlertTriangle className="g-error-sign" size={18} stroke={1.8} aria-hidden />
      <div className="g-error-body">
        <strong>{title ?? t("error.title")}</strong>
        <p>
          <Marked>{sentenceOf(error)}</Marked>
        </p>
        {children}
        <div className="g-row">
          {onRetry !== undefined && (
            <Button size="xs" variant="default" leftSection={<IconRefresh size={14} aria-hidden />} onClick={onRetry}>
              {t("error.retry")}
            </Button>
          )}
          <Button
            size="xs"
            variant="subtle"
            color="gray"
            leftSection={clipboard.copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
            onClick={() => clipboard.copy(reportOf(error))}
          >
            {t(clipboard.copied ? "error.copied" : "error.copy")}
          </Button>
        </div>
      </div>
    </div>
  );
}
