// The workers: their state, memory and restarts, and a button that replaces one.

import { Button, Table, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { useAct, useAsk } from "../../frame/house";

export default function Workers() {
  const { t } = useTranslation("machine");
  const workers = useAsk("house.workers", {});
  const restart = useAct("house.restart");
  return (
    <main style={{ padding: 24 }}>
      <Title order={1}>{t("workers.title")}</Title>
      <Table>
        <Table.Thead>
          <Table.Tr>
            {(["name", "state", "memory", "restarts"] as const).map((column) => (
              <Table.Th key={column}>{t(`workers.${column}`)}</Table.Th>
            ))}
            <Table.Th />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {workers.data?.workers.map((worker) => (
            <Table.Tr key={`${worker.name} ${worker.slot}`}>
              <Table.Td>{worker.name}</Table.Td>
              <Table.Td>{worker.state}</Table.Td>
              <Table.Td>{Math.round(worker.memory_bytes / (1 << 20))} MiB</Table.Td>
              <Table.Td>{worker.restarts}</Table.Td>
              <Table.Td>
                <Button size="xs" variant="default" onClick={() => restart.mutate({ name: worker.name })}>
                  {t("workers.restart")}
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </main>
  );
}
