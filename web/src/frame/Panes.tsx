// Two panes beside each other, with a bar between them that is dragged, pressed (a menu) or moved with arrows.
//
//   <Panes name="dictate" start={<History />} end={<Utterance />} />
//
// The share of the first is kept under the name, which a room chooses. Where there is no room for two (below 44rem)
// they stand one above the other and the bar is gone.

import { Menu, UnstyledButton } from "@mantine/core";
import { useRef, useState, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { useRemembered } from "./remembered";

export interface PanesProps {
  readonly name: string;
  readonly start: ReactNode;
  /** null: the first has all the room, and is not made anew when the second comes. */
  readonly end: ReactNode | null;
  /** The share of the first pane at first, 0 to 1. */
  readonly initial?: number;
  /** The least share of either. */
  readonly least?: number;
}

const STEP = 0.02;
const BIG_STEP = 0.1;
const DRAGGED = 3; // pixels: less is a click

/** See the module. */
export function Panes({ name, start, end, initial = 0.42, least = 0.2 }: PanesProps) {
  const { t } = useTranslation();
  const [kept, keep] = useRemembered(`panes.${name}`, initial);
  const [moving, setMoving] = useState<number | null>(null);
  const [menu, setMenu] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const drag = useRef<{ readonly at: number; moved: boolean } | null>(null);
  const fit = (share: number) => Math.min(1 - least, Math.max(least, share));
  const share = fit(moving ?? kept);
  const rightToLeft = () => document.documentElement.dir === "rtl";

  const shareAt = (x: number): number => {
    const bounds = box.current?.getBoundingClientRect();
    if (bounds === undefined || bounds.width === 0) return share;
    const part = (x - bounds.left) / bounds.width;
    return fit(rightToLeft() ? 1 - part : part);
  };
  const down = (event: PointerEvent<HTMLButtonElement>) => {
    if (event.button !== 0) return;
    drag.current = { at: event.clientX, moved: false };
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const over = (event: PointerEvent) => {
    const begun = drag.current;
    if (begun === null) return;
    begun.moved ||= Math.abs(event.clientX - begun.at) >= DRAGGED;
    if (begun.moved) setMoving(shareAt(event.clientX));
  };
  const up = (event: PointerEvent) => {
    const moved = drag.current?.moved === true;
    drag.current = null;
    setMoving(null);
    if (moved) keep(shareAt(event.clientX));
    else setMenu(true);
  };
  const press = (event: KeyboardEvent) => {
    const forward = rightToLeft() ? -1 : 1;
    const step = event.shiftKey ? BIG_STEP : STEP;
    const next = { ArrowRight: share + forward * step, ArrowLeft: share - forward * step, Home: least, End: 1 - least }[event.key];
    if (next !== undefined) keep(fit(next));
    else if (event.key === "Enter" || event.key === " ") setMenu(true);
    else return;
    event.preventDefault();
  };
  const choose = (next: number) => () => keep(fit(next));
  return (
    <div ref={box} className="g-panes" data-single={end === null || undefined} style={{ "--g-share": String(share) } as React.CSSProperties}>
      <div className="g-pane">{start}</div>
      {end !== null && (
        <>
          <Menu opened={menu} onChange={setMenu} position="bottom" withinPortal>
            <Menu.Target>
              <UnstyledButton
                className="g-pane-bar"
                role="separator"
                aria-orientation="vertical"
                aria-label={t("panes.bar")}
                aria-valuenow={Math.round(100 * share)}
                aria-valuemin={Math.round(100 * least)}
                aria-valuemax={Math.round(100 * (1 - least))}
                onPointerDown={down}
                onPointerMove={over}
                onPointerUp={up}
                onPointerCancel={() => {
                  drag.current = null;
                  setMoving(null);
                }}
                onClick={(event) => event.preventDefault()}
                onKeyDown={press}
              />
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={choose(share - BIG_STEP)}>{t("panes.narrower")}</Menu.Item>
              <Menu.Item onClick={choose(share + BIG_STEP)}>{t("panes.wider")}</Menu.Item>
              <Menu.Item onClick={choose(0.5)}>{t("panes.halves")}</Menu.Item>
              <Menu.Item onClick={choose(initial)}>{t("panes.initial")}</Menu.Item>
            </Menu.Dropdown>
          </Menu>
          <div className="g-pane">{end}</div>
        </>
      )}
    </div>
  );
}
