// How text gets into other programs here: what the desktop allows, in order, and a field to try it on.

import { Alert, Button, Group, Table, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { ErrorCard } from "../../frame/ErrorCard";
import { Faces } from "../../frame/Faces";
import { useAct, useAsk, useMay } from "../../frame/house";
import type { WindowStrategy } from "../../protocol/contracts";
import { State } from "../machine/parts";

export function Insertion() {
  const { t } = useTranslation("settings");
  const here = useMay("window.desktop");
  const desktop = useAsk("window.desktop", {});
  if (!here) return <Alert color="gray">{t("insertion.window_only")}</Alert>;
  return (
    <section className="m-card" aria-label={t("insertion.title")}>
      <Faces of={desktop}>
        {(data) => (
          <>
            <Text size="sm" c="dimmed">{t(`insertion.session.${data.session}`)}</Text>
            <Strategies strategies={data.insertion} />
          </>
        )}
      </Faces>
      <TryInsertion />
    </section>
  );
}

export function Strategies({ strategies }: { readonly strategies: readonly WindowStrategy[] }) {
  return (
    <Table>
      <Table.Tbody>
        {strategies.map((strategy) => (
          <Table.Tr key={strategy.name}>
            <Table.Td w={130}><State state={strategy.works ? "ok" : "stopped"} /></Table.Td>
            <Table.Td>{strategy.name}</Table.Td>
            <Table.Td c="dimmed">{strategy.sentence}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** Three seconds to click into any program, then a sentence is put there. */
export function TryInsertion() {
  const { t } = useTranslation("settings");
  const insert = useAct("window.insert");
  const [text, type] = useState(() => t("insertion.sample"));
  return (
    <>
      <Group align="flex-end" mt="sm" gap="sm">
        <TextInput label={t("insertion.text")} value={text} onChange={(event) => type(event.currentTarget.value)} style={{ flex: 1 }} />
        <Button loading={insert.isPending} onClick={() => insert.mutate({ text, seconds: 3 })}>{t("insertion.try")}</Button>
      </Group>
      <Text size="sm" c="dimmed" mt={4} role="status">
        {insert.isPending ? t("insertion.click") : insert.data === undefined ? t("insertion.about") : t(`insertion.outcome.${insert.data.outcome}`, { target: insert.data.target, reason: insert.data.reason })}
      </Text>
      {insert.error !== null && <ErrorCard error={insert.error} />}
    </>
  );
}
