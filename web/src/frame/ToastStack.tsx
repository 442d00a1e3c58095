// Shows what `toasts.ts` holds: at the page's end corner, never taking the focus; and the log of all of it.

import { ActionIcon, Button } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconInfoCircle, IconMessages, IconX } from "@tabler/icons-react";
import { useEffect, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";

import { Sheet } from "./Dialog";
import { EmptyState } from "./EmptyState";
import { useKeys } from "./keys";
import { Marked } from "./Marked";
import { RelativeTime } from "./RelativeTime";
import { toasts, type Toast, type Tone } from "./toasts";

const SIGNS = { plain: IconInfoCircle, good: IconCheck, bad: IconAlertTriangle } as const satisfies Record<Tone, unknown>;

const useToasts = () => useSyncExternalStore(toasts.listen, toasts.state);

/** The toasts that are shown now. */
export function ToastStack() {
  const { t } = useTranslation();
  const { shown } = useToasts();
  useKeys([{ keys: "Ctrl+Z", title: t("toasts.undo_last"), group: t("keys.everywhere"), run: () => toasts.undo() }]);
  return (
    <section className="g-toasts" aria-label={t("toasts.label")} aria-live="polite" aria-relevant="additions">
      {shown.map((toast) => (
        <ToastCard key={toast.id} toast={toast} />
      ))}
    </section>
  );
}

function ToastCard({ toast }: { readonly toast: Toast }) {
  const { t } = useTranslation();
  const Sign = SIGNS[toast.tone];
  const { id } = toast;
  const hold = () => toasts.hold(id);
  const release = () => toasts.release(id);
  // Its buttons are gone with it: what held it must not keep on doing so when it comes to an end by a key.
  useEffect(() => () => toasts.release(id), [id]);
  return (
    <div
      className="g-toast"
      data-tone={toast.tone}
      role={toast.tone === "bad" ? "alert" : undefined}
      onPointerEnter={hold}
      onPointerLeave={release}
      onFocus={hold}
      onBlur={release}
    >
      <Sign size={16} stroke={1.8} aria-hidden />
      <span className="g-toast-text" title={toast.text}>
        {toast.text}
      </span>
      {toast.undo !== null && (
        <Button size="compact-sm" variant="subtle" onClick={() => toasts.undo(id)}>
          {t("toasts.undo")}
        </Button>
      )}
      {toast.undo === null && toast.action !== null && (
        <Button size="compact-sm" variant="subtle" onClick={() => toasts.act(id)}>
          {toast.action.title}
        </Button>
      )}
      <ActionIcon size="sm" variant="subtle" color="gray" aria-label={t("toasts.dismiss")} onClick={() => toasts.dismiss(id)}>
        <IconX size={14} aria-hidden />
      </ActionIcon>
    </div>
  );
}

export interface ToastLogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  /** What the house has to say for as long as it is so. */
  readonly notices: readonly string[];
}

/** Everything that was said since the page was opened, newest first. */
export function ToastLog({ opened, onClose, notices }: ToastLogProps) {
  const { t } = useTranslation();
  const { log } = useToasts();
  return (
    <Sheet opened={opened} onClose={onClose} title={t("toasts.log")}>
      {notices.length > 0 && (
        <ul className="g-log g-notices">
          {notices.map((notice) => (
            <li key={notice}>
              <IconAlertTriangle size={15} stroke={1.8} aria-hidden />
              <span>
                <Marked>{notice}</Marked>
              </span>
            </li>
          ))}
        </ul>
      )}
      {log.length === 0 && notices.length === 0 ? (
        <EmptyState icon={IconMessages} title={t("toasts.empty")}>
          {t("toasts.empty_text")}
        </EmptyState>
      ) : (
        <ul className="g-log">
          {log.map((said) => {
            const Sign = SIGNS[said.tone];
            return (
              <li key={said.id} data-tone={said.tone}>
                <Sign size={15} stroke={1.8} aria-hidden />
                <span>
                  {said.text}
                  {said.undone && <em> {t("toasts.undone")}</em>}
                </span>
                <RelativeTime at={said.at / 1000} className="g-quiet" />
              </li>
            );
          })}
        </ul>
      )}
    </Sheet>
  );
}
