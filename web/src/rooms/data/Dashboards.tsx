// Dashboards: answers that are pinned, side by side. Trusted ones refresh by themselves; others wait to be asked.

import "./data.css";
import { NativeSelect } from "@mantine/core";
import { IconLayoutDashboard } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { EmptyState } from "../../frame/EmptyState";
import { Faces } from "../../frame/Faces";
import { useAsk } from "../../frame/house";
import { useRemembered } from "../../frame/remembered";
import { RoomPage } from "../../frame/RoomPage";
import { TileCard } from "./Tile";

const HISTORY: string = "/data/history";

export default function Dashboards() {
  const { t } = useTranslation("data_pages");
  const navigate = useNavigate();
  const found = useAsk("data.dashboards", {}, { fresh: true });
  const [name, choose] = useRemembered("data.dashboard", "");
  const boards = found.data?.dashboards ?? [];
  const board = boards.find((each) => each.name === name) ?? boards[0];
  const empty = (
    <EmptyState icon={IconLayoutDashboard} title={t("board.none")} action={{ title: t("board.history"), run: () => void navigate({ to: HISTORY }) }}>
      {t("board.none_text")}
    </EmptyState>
  );
  return (
    <RoomPage
      title={t("board.title")}
      lead={t("board.lead")}
      actions={boards.length > 1 && <NativeSelect aria-label={t("board.choose")} value={board?.name ?? ""} onChange={(event) => choose(event.currentTarget.value)} data={boards.map((each) => each.name)} />}
    >
      <Faces of={found} isEmpty={() => board === undefined} empty={empty}>
        {() => (
          <>
            {board !== undefined && boards.length === 1 && <h2 className="q-board-name">{board.name}</h2>}
            <div className="q-board">
              {board?.tiles.map((tile, index) => <TileCard key={tile.id} tile={tile} board={board} index={index} />)}
            </div>
          </>
        )}
      </Faces>
    </RoomPage>
  );
}
