// The rooms, at the side: what one works in above, what looks after the house below, with how much waits in each.

import { Tooltip } from "@mantine/core";
import { Link, useRouterState } from "@tanstack/react-router";
import { memo } from "react";
import { useTranslation } from "react-i18next";

import type { RoomManifest } from "./room";
import { rooms } from "./rooms";

export interface RailProps {
  /** Called when a room was chosen. */
  readonly onChosen?: () => void;
  /** Only icons are seen: their names are shown beside them under pointer and focus. */
  readonly slim?: boolean;
}

/** See the module. Drawn anew only for what it is told, not for what comes over the page. */
export const Rail = memo(function Rail({ onChosen, slim = false }: RailProps) {
  const { t } = useTranslation();
  return (
    <>
      {(["work", "house"] as const).map((place) => {
        const here = rooms.filter((room) => room.place === place);
        if (here.length === 0) return null;
        return (
          <section key={place} className="g-rail-section" aria-label={t(`rail.${place}`)}>
            <span className="g-rail-title" aria-hidden>
              {t(`rail.${place}`)}
            </span>
            {here.map((room) => (
              <RailEntry key={room.name} room={room} slim={slim} onChosen={onChosen} />
            ))}
          </section>
        );
      })}
    </>
  );
});

const none = () => 0;

interface RailEntryProps {
  readonly room: RoomManifest;
  readonly slim: boolean;
  readonly onChosen: (() => void) | undefined;
}

function RailEntry({ room, slim, onChosen }: RailEntryProps) {
  const { t } = useTranslation();
  const here = useRouterState({ select: (state) => state.location.pathname });
  const useBadge = room.useBadge ?? none;
  // oxlint-disable-next-line react/hooks -- an entry is of one room for as long as it lives
  const waiting = useBadge();
  const active = here === room.path || here.startsWith(`${room.path}/`);
  return (
    <Tooltip label={t(room.title)} position="right" disabled={!slim}>
      <Link to={room.path} className="g-rail-entry" aria-current={active ? "page" : undefined} onClick={() => onChosen?.()}>
        <room.icon size={19} stroke={1.7} />
        <span className="g-rail-label">{t(room.title)}</span>{" "}
        {waiting > 0 && <span className="g-badge">{waiting}</span>}
      </Link>
    </Tooltip>
  );
}
