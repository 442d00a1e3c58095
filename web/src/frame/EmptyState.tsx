// What stands where nothing is yet: what would be here, and the one thing to do about it.

import { Button } from "@mantine/core";
import type { ComponentType, ReactNode } from "react";

export interface EmptyStateProps {
  readonly icon?: ComponentType<{ readonly size?: number | string; readonly stroke?: number | string }>;
  readonly title: string;
  /** One or two sentences that teach. */
  readonly children?: ReactNode;
  readonly action?: { readonly title: string; readonly run: () => void; readonly icon?: ReactNode } | undefined;
}

/** See the module. */
export function EmptyState({ icon: Icon, title, children, action }: EmptyStateProps) {
  return (
    <div className="g-empty">
      {Icon !== undefined && (
        <span className="g-empty-sign" aria-hidden>
          <Icon size={26} stroke={1.4} />
        </span>
      )}
      <h2>{title}</h2>
      {children !== undefined && <div className="g-empty-text">{children}</div>}
      {action !== undefined && (
        <Button variant="light" onClick={action.run} leftSection={action.icon}>
          {action.title}
        </Button>
      )}
    </div>
  );
}
