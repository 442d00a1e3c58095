// A page of a room: its one heading, a line of what it is for, what can be done, and below it the content.

import { Title } from "@mantine/core";
import type { ReactNode } from "react";

export interface RoomPageProps {
  readonly title: string;
  readonly lead?: ReactNode;
  /** Buttons, at the end of the heading. */
  readonly actions?: ReactNode;
  /** The content takes the height that is left and scrolls itself, as lists and panes do. */
  readonly fill?: boolean;
  readonly children: ReactNode;
}

/** See the module. */
export function RoomPage({ title, lead, actions, fill = false, children }: RoomPageProps) {
  return (
    <div className="g-room" data-fill={fill || undefined}>
      <header className="g-room-top">
        <div>
          <Title order={1}>{title}</Title>
          {lead !== undefined && <p className="g-room-lead">{lead}</p>}
        </div>
        {actions !== undefined && <div className="g-row">{actions}</div>}
      </header>
      {children}
    </div>
  );
}
