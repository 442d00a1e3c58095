// The dialogs that keep a question: under a name, or as a tile of a dashboard.

import { Autocomplete, Button, Group, NativeSelect, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Dialog } from "../../frame/Dialog";
import { useAsk, useHouse } from "../../frame/house";
import { toasts } from "../../frame/toasts";
import type { DataAsked, DataTile } from "../../protocol/contracts";
import { useDeeds } from "./deeds";

export const TILE_FACES: readonly DataTile["chart"][] = ["table", "figure", "bar", "stacked", "line", "area", "scatter", "histogram", "heatmap", "pie", "points"];

const nameOf = (asked: DataAsked): string => asked.name || asked.question || asked.query.slice(0, 60);

export function KeepDialog({ asked, close }: { readonly asked: DataAsked | null; readonly close: () => void }) {
  const { t } = useTranslation("data_pages");
  return (
    <Dialog opened={asked !== null} onClose={close} title={t("keep.title")} size="28rem">
      {asked !== null && <KeepForm asked={asked} close={close} />}
    </Dialog>
  );
}

function KeepForm({ asked, close }: { readonly asked: DataAsked; readonly close: () => void }) {
  const { t } = useTranslation("data_pages");
  const deeds = useDeeds();
  const [name, type] = useState(nameOf(asked));
  const keep = async (as: string) => {
    if (await deeds.keep(asked.id, as, asked.favourite)) close();
  };
  return (
    <form onSubmit={(event) => (event.preventDefault(), void keep(name))}>
      <Stack gap="sm">
        <TextInput data-autofocus label={t("keep.name")} value={name} maxLength={120} onChange={(event) => type(event.currentTarget.value)} />
        <Group justify="flex-end">
          {asked.name !== "" && (
            <Button variant="default" onClick={() => void keep("")}>
              {t("keep.let_go")}
            </Button>
          )}
          <Button type="submit" disabled={name.trim() === ""}>
            {t("keep.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

export function PinDialog({ asked, chart, close }: { readonly asked: DataAsked | null; readonly chart: DataTile["chart"]; readonly close: () => void }) {
  const { t } = useTranslation("data_pages");
  return (
    <Dialog opened={asked !== null} onClose={close} title={t("pin.title")} size="28rem">
      {asked !== null && <PinForm asked={asked} chart={chart} close={close} />}
    </Dialog>
  );
}

function PinForm({ asked, chart, close }: { readonly asked: DataAsked; readonly chart: DataTile["chart"]; readonly close: () => void }) {
  const { t } = useTranslation("data_pages");
  const house = useHouse();
  const deeds = useDeeds();
  const boards = useAsk("data.dashboards", {}).data?.dashboards ?? [];
  const [board, choose] = useState(boards[0]?.name ?? "");
  const [title, type] = useState(nameOf(asked));
  const [face, show] = useState<DataTile["chart"]>(chart);
  const pin = () =>
    deeds.attempt(async () => {
      const position = boards.find((each) => each.name === board)?.tiles.length ?? 0;
      const tile = await house.call("data.pin", { question: asked.id, dashboard: board, title, chart: face, position });
      deeds.fresh("data.dashboards", "data.history");
      close();
      toasts.undoable(t("pin.done", { board }), async () => {
        await house.call("data.unpin", { tile: tile.id });
        deeds.fresh("data.dashboards");
      });
    });
  return (
    <form onSubmit={(event) => (event.preventDefault(), void pin())}>
      <Stack gap="sm">
        <Autocomplete data-autofocus label={t("pin.board")} description={t("pin.board_about")} data={boards.map((each) => each.name)} value={board} onChange={choose} maxLength={120} />
        <TextInput label={t("pin.tile")} value={title} maxLength={120} onChange={(event) => type(event.currentTarget.value)} />
        <NativeSelect label={t("pin.shown")} value={face} onChange={(event) => show(event.currentTarget.value as DataTile["chart"])} data={TILE_FACES.map((value) => ({ value, label: value === "table" ? t("result.face_table") : t(`chart.kind.${value}`) }))} />
        <Group justify="flex-end">
          <Button type="submit" disabled={board.trim() === ""}>
            {t("keep.pin")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
