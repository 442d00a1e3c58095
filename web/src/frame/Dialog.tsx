// What lies over the page: dialogs and drawers. Each is a layer (see `keys.tsx`): Esc closes the topmost alone, and
// the focus goes back to what opened it.

import { Button, Drawer, Modal, type DrawerProps, type ModalProps } from "@mantine/core";
import { createContext, useCallback, useContext, useRef, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { LayerContext, useLayer } from "./keys";

export type DialogProps = Omit<ModalProps, "closeOnEscape" | "withCloseButton">;

/** A dialog over the page, with its title and a cross. */
export function Dialog({ children, ...props }: DialogProps) {
  const { t } = useTranslation();
  const layer = useLayer(props.opened, props.onClose);
  return (
    <Modal centered closeButtonProps={{ "aria-label": t("close") }} {...props} closeOnEscape={false}>
      <LayerContext value={layer}>{children}</LayerContext>
    </Modal>
  );
}

/** A drawer at the page's edge. */
export function Sheet({ children, ...props }: Omit<DrawerProps, "closeOnEscape">) {
  const { t } = useTranslation();
  const layer = useLayer(props.opened, props.onClose);
  return (
    <Drawer position="right" size="26rem" closeButtonProps={{ "aria-label": t("close") }} {...props} closeOnEscape={false}>
      <LayerContext value={layer}>{children}</LayerContext>
    </Drawer>
  );
}

export interface ConfirmDialogProps {
  readonly opened: boolean;
  /** A question. */
  readonly title: string;
  /** What the button does, as a verb: "Delete 3 dictations". */
  readonly verb: string;
  readonly danger?: boolean;
  /** What will go and what stays. */
  readonly children?: ReactNode;
  readonly onConfirm: () => void;
  readonly onCancel: () => void;
}

/** Asks before what cannot be taken back. Cancel has the focus: Enter alone never does it. */
export function ConfirmDialog({ opened, title, verb, danger = false, children, onConfirm, onCancel }: ConfirmDialogProps) {
  const { t } = useTranslation();
  return (
    <Dialog opened={opened} onClose={onCancel} title={title} size="26rem">
      <div className="g-confirm">{children}</div>
      <div className="g-row g-row-end">
        <Button variant="default" data-autofocus onClick={onCancel}>
          {t("cancel")}
        </Button>
        <Button color={danger ? "bad" : "pine"} onClick={onConfirm}>
          {verb}
        </Button>
      </div>
    </Dialog>
  );
}

export type Question = Pick<ConfirmDialogProps, "title" | "verb" | "danger"> & { readonly body?: ReactNode };

const ConfirmContext = createContext<(question: Question) => Promise<boolean>>(() => Promise.resolve(false));

/** Ask before what cannot be taken back: `if (await confirm({ title, verb, danger: true, body })) ...`. */
export const useConfirm = () => useContext(ConfirmContext);

/** Shows the questions of `useConfirm`; once, around everything. */
export function Confirming({ children }: { readonly children: ReactNode }) {
  const [asked, setAsked] = useState<Question | null>(null);
  const [opened, setOpened] = useState(false);
  const answer = useRef<(yes: boolean) => void>(() => undefined);
  const confirm = useCallback((question: Question) => {
    answer.current(false);
    setAsked(question);
    setOpened(true);
    return new Promise<boolean>((resolve) => (answer.current = resolve));
  }, []);
  const close = (yes: boolean) => {
    answer.current(yes);
    setOpened(false);
  };
  return (
    <ConfirmContext value={confirm}>
      {children}
      <ConfirmDialog
        opened={opened}
        title={asked?.title ?? ""}
        verb={asked?.verb ?? ""}
        danger={asked?.danger ?? false}
        onConfirm={() => close(true)}
        onCancel={() => close(false)}
      >
        {asked?.body}
      </ConfirmDialog>
    </ConfirmContext>
  );
}
