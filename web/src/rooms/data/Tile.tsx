// A tile of a dashboard: its answer as a table or a chart. A trusted one runs when it is shown; another shows the
// answer that is still here, and runs after it was looked at on the page that asks.

import { ActionIcon, Button, Menu } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconDots, IconPlayerPlay, IconRefresh } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { EmptyState } from "../../frame/EmptyState";
import { Faces } from "../../frame/Faces";
import { useAsk, useHouse } from "../../frame/house";
import { remember } from "../../frame/remembered";
import { RelativeTime } from "../../frame/RelativeTime";
import { SkeletonRows } from "../../frame/Skeleton";
import { toasts } from "../../frame/toasts";
import type { DataDashboard, DataNormalizedResult, DataPin, DataTile, GarretError } from "../../protocol/contracts";
import { asking } from "./asking";
import { Picture } from "./Chart";
import { useDeeds } from "./deeds";
import { Grid } from "./Grid";
import { TILE_FACES } from "./keeping";
import { useAskedOf } from "./Result";
import { Rows } from "./rows";
import { runAgain } from "./runs";

const ASK: string = "/data";

export interface TileProps {
  readonly tile: DataTile;
  readonly board: DataDashboard;
  readonly index: number;
}

/** See the module. */
export function TileCard({ tile, board, index }: TileProps) {
  const { t } = useTranslation("data_pages");
  const house = useHouse();
  const asked = useAskedOf(tile.question);
  // One run for each time it is shown; what it gave stays until it is refreshed.
  const run = useQuery<DataNormalizedResult, GarretError>({
    queryKey: ["data.tile", tile.question],
    queryFn: ({ signal }) => runAgain(house, tile.question, { signal, fetched: () => undefined }),
    enabled: tile.trusted,
  });
  const result = tile.trusted ? run.data?.id : asked?.result;
  return (
    <article className="g-card q-tile" aria-label={tile.title} data-chart={tile.chart}>
      <header className="g-row">
        <h2>{tile.title}</h2>
        <span className="g-grow" />
        {tile.trusted && (
          <ActionIcon aria-label={t("board.refresh", { title: tile.title })} loading={run.isFetching} onClick={() => void run.refetch()}>
            <IconRefresh size={16} aria-hidden />
          </ActionIcon>
        )}
        <More tile={tile} board={board} index={index} />
      </header>
      {tile.trusted ? (
        <Faces of={run} skeleton={<SkeletonRows rows={5} />}>
          {(head) => <Face tile={tile} result={head.id} />}
        </Faces>
      ) : result !== undefined && result !== "" ? (
        <Face tile={tile} result={result} />
      ) : (
        asked !== undefined && <Waiting tile={tile} query={asked.query} />
      )}
      <p className="g-quiet q-note">
        {tile.trusted ? t("board.trusted") : t("board.asks")}
        {(run.data?.provenance.ran ?? asked?.asked) !== undefined && (
          <>
            {" · "}
            <RelativeTime at={run.data?.provenance.ran ?? asked?.asked ?? 0} />
          </>
        )}
      </p>
    </article>
  );
}

function Waiting({ tile, query }: { readonly tile: DataTile; readonly query: string }) {
  const { t } = useTranslation("data_pages");
  const house = useHouse();
  const navigate = useNavigate();
  const look = () => {
    remember("data.source", tile.source);
    void asking.draft(house, { source: tile.source, query });
    void navigate({ to: ASK });
  };
  return (
    <EmptyState title={t("board.waits")}>
      <p>{t("board.waits_text")}</p>
      <Button size="xs" variant="default" leftSection={<IconPlayerPlay size={14} aria-hidden />} onClick={look}>
        {t("history.again")}
      </Button>
    </EmptyState>
  );
}

function Face({ tile, result }: { readonly tile: DataTile; readonly result: string }) {
  return tile.chart === "table" ? <TileTable tile={tile} result={result} /> : <TileChart kind={tile.chart} result={result} />;
}

function TileChart({ kind, result }: { readonly kind: Exclude<DataTile["chart"], "table">; readonly result: string }) {
  const { t } = useTranslation("data_pages");
  const charts = useAsk("data.chart", { result });
  return (
    <Faces of={charts} isEmpty={(data) => data.charts.length === 0} empty={<EmptyState title={t("chart.none")}>{charts.data?.why}</EmptyState>}>
      {(data) => {
        const shown = data.charts.find((each) => each.kind === kind) ?? data.charts[0];
        return shown === undefined ? null : <Picture chart={shown} height="15rem" />;
      }}
    </Faces>
  );
}

function TileTable({ tile, result }: { readonly tile: DataTile; readonly result: string }) {
  const head = useAsk("data.result", { result });
  return <Faces of={head}>{(data) => <Few head={data} label={tile.title} />}</Faces>;
}

function Few({ head, label }: { readonly head: DataNormalizedResult; readonly label: string }) {
  const house = useHouse();
  const [sort, order] = useState<Parameters<typeof Grid>[0]["sort"]>(null);
  const [pinned, pin] = useState<readonly string[]>([]);
  const fetch = useCallback(
    (offset: number, count: number, signal: AbortSignal) => house.call("data.rows", { result: head.id, offset, count, sorts: sort === null ? [] : [sort] }, { signal }),
    [house, head.id, sort],
  );
  const rows = useMemo(() => new Rows(fetch, head.rows), [fetch, head.rows]);
  return (
    <Grid
      label={label}
      columns={head.columns}
      rows={rows}
      sort={sort}
      onSort={order}
      pinned={pinned}
      onPin={(column) => pin(pinned.includes(column) ? pinned.filter((each) => each !== column) : [...pinned, column])}
    />
  );
}

function More({ tile, board, index }: TileProps) {
  const { t } = useTranslation("data_pages");
  const house = useHouse();
  const deeds = useDeeds();
  const asked = useAskedOf(tile.question);
  const pinned = (change: Partial<DataPin>): DataPin => ({ question: tile.question, dashboard: board.name, title: tile.title, chart: tile.chart, position: tile.position, tile: tile.id, ...change });
  const change = (...orders: DataPin[]) =>
    void deeds.attempt(async () => {
      for (const order of orders) await house.call("data.pin", order);
      deeds.fresh("data.dashboards");
    });
  /** Change places with a neighbour: every tile has its place anew, since places may be the same. */
  const move = (to: number) => {
    const order = [...board.tiles];
    order.splice(to, 0, ...order.splice(index, 1));
    change(...order.map((each, position) => ({ question: each.question, dashboard: board.name, title: each.title, chart: each.chart, position, tile: each.id })));
  };
  const away = () =>
    void deeds.attempt(async () => {
      await house.call("data.unpin", { tile: tile.id });
      deeds.fresh("data.dashboards");
      toasts.undoable(t("board.unpinned", { title: tile.title }), async () => {
        await house.call("data.pin", pinned({}));
        deeds.fresh("data.dashboards");
      });
    });
  const trust = () => {
    if (asked === undefined) return;
    if (tile.trusted) void deeds.distrust(tile.question);
    else void deeds.trust(asked, new AbortController().signal, (waits) => toasts.say(waits));
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon aria-label={t("board.more", { title: tile.title })}>
          <IconDots size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t("pin.shown")}</Menu.Label>
        {TILE_FACES.map((face) => (
          <Menu.Item key={face} disabled={face === tile.chart} onClick={() => change(pinned({ chart: face }))}>
            {face === "table" ? t("result.face_table") : t(`chart.kind.${face}`)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item disabled={index === 0} onClick={() => move(index - 1)}>
          {t("board.earlier")}
        </Menu.Item>
        <Menu.Item disabled={index === board.tiles.length - 1} onClick={() => move(index + 1)}>
          {t("board.later")}
        </Menu.Item>
        <Menu.Item onClick={trust}>{t(tile.trusted ? "keep.distrust" : "keep.trust")}</Menu.Item>
        <Menu.Item color="red" onClick={away}>
          {t("board.unpin")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
