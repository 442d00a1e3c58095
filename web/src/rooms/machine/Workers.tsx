// The workers: their state, memory and restarts, the last thing that went wrong, and a button that replaces one.

import { Button } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { DataTable, type Column } from "../../frame/DataTable";
import { ErrorCard } from "../../frame/ErrorCard";
import { Faces } from "../../frame/Faces";
import { useFormat } from "../../frame/format";
import { useAct, useAsk, useMay } from "../../frame/house";
import { RoomPage } from "../../frame/RoomPage";
import type { HouseWorkerStatus } from "../../protocol/contracts";
import { State } from "./parts";

export default function Workers() {
  const { t } = useTranslation("machine");
  const format = useFormat();
  const workers = useAsk("house.workers", {});
  const restart = useAct("house.restart");
  const may = useMay("house.restart");
  const columns = useMemo<readonly Column<HouseWorkerStatus>[]>(
    () => [
      { id: "name", title: t("workers.name"), value: (each) => `${each.name}${each.slot > 0 ? ` ${each.slot + 1}` : ""}${each.outside ? ` · ${t("workers.outside")}` : ""}` },
      { id: "state", title: t("workers.state"), value: (each) => each.state, show: (each) => <State state={each.state} /> },
      { id: "work", title: t("workers.work"), value: (each) => each.running + each.waiting, show: (each) => each.running + each.waiting || "–", figure: true },
      { id: "memory", title: t("workers.memory"), value: (each) => each.memory_bytes, show: (each) => (each.memory_bytes > 0 ? format.size(each.memory_bytes) : "–"), figure: true },
      { id: "restarts", title: t("workers.restarts"), value: (each) => each.restarts, figure: true },
      { id: "remark", title: t("workers.remark"), value: (each) => [each.sentence, ...each.unenforced].filter(Boolean).join(" "), sorts: false },
    ],
    [t, format],
  );
  return (
    <RoomPage title={t("workers.title")} lead={t("workers.about")}>
      {restart.error !== null && <ErrorCard error={restart.error} />}
      <Faces of={workers}>
        {(data) => (
          <DataTable
            label={t("workers.title")}
            rows={data.workers}
            columns={columns}
            keyOf={(each) => `${each.name} ${each.slot}`}
            actionsTitle={t("workers.restart")}
            {...(may && {
              actions: (each: HouseWorkerStatus) => (
                <Button
                  size="xs"
                  variant="default"
                  leftSection={<IconRefresh size={14} aria-hidden />}
                  loading={restart.isPending && restart.variables.name === each.name}
                  onClick={() => restart.mutate({ name: each.name })}
                  aria-label={t("workers.restart_named", { name: each.name })}
                >
                  {t(each.state === "failed" ? "workers.reset" : "workers.restart")}
                </Button>
              ),
            })}
          />
        )}
      </Faces>
    </RoomPage>
  );
}
