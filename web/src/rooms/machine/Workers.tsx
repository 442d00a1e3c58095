// The workers: their state, memory and restarts, the last thing that went wrong, and a button that replaces one.

import { Button, Table, Text } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { ErrorCard } from "../../frame/ErrorCard";
import { Faces } from "../../frame/Faces";
import { useAct, useAsk, useMay } from "../../frame/house";
import { size } from "../../frame/format";
import { MachinePage, State } from "./parts";

export default function Workers() {
  const { t, i18n } = useTranslation("machine");
  const workers = useAsk("house.workers", {});
  const restart = useAct("house.restart");
  const may = useMay("house.restart");
  return (
    <MachinePage title={t("workers.title")} about={t("workers.about")}>
      {restart.error !== null && <ErrorCard error={restart.error} />}
      <Faces of={workers}>
        {(data) => (
          <div className="m-table-wrap">
            <Table highlightOnHover>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("workers.name")}</Table.Th>
                  <Table.Th>{t("workers.state")}</Table.Th>
                  <Table.Th className="m-number">{t("workers.work")}</Table.Th>
                  <Table.Th className="m-number">{t("workers.memory")}</Table.Th>
                  <Table.Th className="m-number">{t("workers.restarts")}</Table.Th>
                  <Table.Th>{t("workers.remark")}</Table.Th>
                  {may && <Table.Th aria-label={t("workers.restart")} />}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {data.workers.map((worker) => (
                  <Table.Tr key={`${worker.name} ${worker.slot}`}>
                    <Table.Td>
                      {worker.name}
                      {worker.slot > 0 && <Text span c="dimmed"> {worker.slot + 1}</Text>}
                      {worker.outside && <Text span c="dimmed"> · {t("workers.outside")}</Text>}
                    </Table.Td>
                    <Table.Td><State state={worker.state} /></Table.Td>
                    <Table.Td className="m-number">{worker.running + worker.waiting || "–"}</Table.Td>
                    <Table.Td className="m-number">{worker.memory_bytes > 0 ? size(worker.memory_bytes, i18n.language) : "–"}</Table.Td>
                    <Table.Td className="m-number">{worker.restarts}</Table.Td>
                    <Table.Td>
                      <Text size="sm" c="dimmed">{[worker.sentence, ...worker.unenforced].filter(Boolean).join(" ")}</Text>
                    </Table.Td>
                    {may && (
                      <Table.Td ta="end">
                        <Button
                          size="xs"
                          variant="default"
                          leftSection={<IconRefresh size={14} aria-hidden />}
                          loading={restart.isPending && restart.variables.name === worker.name}
                          onClick={() => restart.mutate({ name: worker.name })}
                          aria-label={t("workers.restart_named", { name: worker.name })}
                        >
                          {t(worker.state === "failed" ? "workers.reset" : "workers.restart")}
                        </Button>
                      </Table.Td>
                    )}
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
        )}
      </Faces>
    </MachinePage>
  );
}
