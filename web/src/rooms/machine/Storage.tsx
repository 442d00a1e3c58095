// What takes room, what is kept for how long, and the backups: made, looked through, brought back.

import { Alert, Button, Code, CopyButton, Group, PasswordInput, Progress, Stack, Table, Text, Title } from "@mantine/core";
import { IconArchive } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { DataTable, type Column } from "../../frame/DataTable";
import { Dialog } from "../../frame/Dialog";
import { EmptyState } from "../../frame/EmptyState";
import { ErrorCard } from "../../frame/ErrorCard";
import { Faces } from "../../frame/Faces";
import { RelativeTime } from "../../frame/RelativeTime";
import { useAsk, useHouse } from "../../frame/house";
import type { GarretError, HouseBackupFile, HouseStorageReport } from "../../protocol/contracts";
import { size } from "../../frame/format";
import { RoomPage } from "../../frame/RoomPage";
import { State } from "./parts";

const TONES: Readonly<Record<string, string>> = {
  database: "#2b6856",
  cache: "#6aab95",
  files: "#c98a2b",
  models: "#5b6fb5",
  index: "#9a5b8f",
  spool: "#b3553d",
  backups: "#7d857f",
};

export default function Storage() {
  const { t } = useTranslation("machine");
  const report = useAsk("house.storage", {}, { fresh: true });
  const [making, make] = useState(false);
  return (
    <RoomPage
      title={t("storage.title")}
      lead={t("storage.about")}
      actions={<Button leftSection={<IconArchive size={16} aria-hidden />} onClick={() => make(true)}>{t("storage.back_up")}</Button>}
    >
      <Faces of={report}>
        {(data) => (
          <Stack gap="lg">
            {data.mode !== "normal" && <Alert color="red">{data.sentence}</Alert>}
            <Parts report={data} />
            <section aria-labelledby="backups">
              <Title order={2} id="backups" mb="xs">{t("storage.backups")}</Title>
              {data.backups.length === 0 ? (
                <EmptyState icon={IconArchive} title={t("storage.no_backups")} action={{ title: t("storage.back_up"), run: () => make(true) }}>{t("storage.no_backups_more")}</EmptyState>
              ) : (
                <Backups backups={data.backups} />
              )}
            </section>
          </Stack>
        )}
      </Faces>
      <Dialog opened={making} onClose={() => make(false)} title={t("storage.back_up")}>
        <MakeBackup done={() => make(false)} />
      </Dialog>
    </RoomPage>
  );
}

function Parts({ report }: { readonly report: HouseStorageReport }) {
  const { t, i18n } = useTranslation("machine");
  const all = report.parts.reduce((sum, part) => sum + part.bytes, 0);
  const shown = report.parts.filter((part) => part.bytes > 0);
  return (
    <section className="m-card">
      <Group justify="space-between" mb="xs">
        <Text>{t("storage.takes", { size: size(all, i18n.language) })}</Text>
        <Text c="dimmed">{t("storage.free", { size: size(report.free_bytes, i18n.language) })}</Text>
      </Group>
      <div className="m-stack" aria-hidden>
        {shown.map((part) => (
          <span key={part.name} style={{ width: `${(100 * part.bytes) / Math.max(1, all)}%`, background: TONES[part.name] }} />
        ))}
      </div>
      <Table mt="sm" withRowBorders={false}>
        <Table.Tbody>
          {report.parts.map((part) => (
            <Table.Tr key={part.name}>
              <Table.Td>
                <span className="m-key" style={{ background: TONES[part.name] }} aria-hidden />
                {t(`storage.part.${part.name}`)}
                <Text span c="dimmed" size="sm"> · {t(`storage.part_more.${part.name}`)}</Text>
              </Table.Td>
              <Table.Td className="m-number">{size(part.bytes, i18n.language)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Text size="sm" c="dimmed" mt="xs">{report.home}</Text>
    </section>
  );
}

function Backups({ backups }: { readonly backups: readonly HouseBackupFile[] }) {
  const { t, i18n } = useTranslation("machine");
  const [restoring, restore] = useState<HouseBackupFile | null>(null);
  const columns = useMemo<readonly Column<HouseBackupFile>[]>(
    () => [
      { id: "made", title: t("storage.made"), value: (backup) => backup.created, show: (backup) => <Made backup={backup} /> },
      { id: "size", title: t("storage.size"), value: (backup) => backup.bytes, show: (backup) => size(backup.bytes, i18n.language), figure: true },
      { id: "keys", title: t("storage.keys"), value: (backup) => t(backup.keys ? "storage.keys_in" : "storage.keys_not_in") },
      { id: "sound", title: t("storage.sound"), value: (backup) => backup.path, sorts: false, show: (backup) => <Verify path={backup.path} /> },
    ],
    [t, i18n.language],
  );
  return (
    <>
      <DataTable
        label={t("storage.backups")}
        rows={backups}
        columns={columns}
        keyOf={(backup) => backup.path}
        sort={{ id: "made", desc: true }}
        actionsTitle={t("storage.restore")}
        actions={(backup) => <Button size="xs" variant="default" onClick={() => restore(backup)}>{t("storage.restore")}</Button>}
      />
      <Dialog opened={restoring !== null} onClose={() => restore(null)} title={t("storage.restore")}>
        {restoring !== null && <Restore backup={restoring} />}
      </Dialog>
    </>
  );
}

function Made({ backup }: { readonly backup: HouseBackupFile }) {
  const { t } = useTranslation("machine");
  return (
    <div>
      <RelativeTime at={backup.created} />
      <Text size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>{backup.path}</Text>
      {backup.left_out.length > 0 && <Text size="sm" c="var(--g-warn)">{t("storage.left_out", { count: backup.left_out.length })}</Text>}
    </div>
  );
}

/** Compare one backup with its hashes, with progress and a way to stop. */
function Verify({ path }: { readonly path: string }) {
  const { t } = useTranslation("machine");
  const house = useHouse();
  const [fraction, far] = useState<number | null>(null);
  const [verdict, judge] = useState<{ readonly sound: boolean; readonly problem: string } | null>(null);
  const [stopper, stop] = useState<AbortController | null>(null);
  const verify = async () => {
    const ended = new AbortController();
    stop(ended);
    far(0);
    judge(null);
    try {
      judge(await house.call("house.backup_verify", { path }, { signal: ended.signal, onProgress: (told) => far(told.fraction) }));
    } catch (problem) {
      if (!ended.signal.aborted) judge({ sound: false, problem: (problem as GarretError).message });
    } finally {
      far(null);
    }
  };
  if (fraction !== null)
    return (
      <Group gap="xs" wrap="nowrap">
        <Progress value={100 * fraction} w={80} aria-label={t("storage.verifying")} />
        <Button size="xs" variant="subtle" onClick={() => stopper?.abort()}>{t("storage.stop")}</Button>
      </Group>
    );
  return (
    <Group gap="xs">
      {verdict !== null && <State state={verdict.sound ? "ok" : "fail"} />}
      {verdict?.problem !== undefined && verdict.problem !== "" && <Text size="sm">{verdict.problem}</Text>}
      <Button size="xs" variant="default" onClick={() => void verify()}>{t("storage.verify")}</Button>
    </Group>
  );
}

/** Bringing back happens while nothing runs: the exact command, to be copied. */
function Restore({ backup }: { readonly backup: HouseBackupFile }) {
  const { t } = useTranslation("machine");
  const command = `garret down && garret --home ~/garret-again restore '${backup.path}'${backup.keys ? "" : " --no-passphrase"}`;
  return (
    <Stack>
      <Text>{t("storage.restore_about")}</Text>
      <Code block>{command}</Code>
      <Group>
        <CopyButton value={command}>
          {({ copied, copy }) => <Button onClick={copy}>{t(copied ? "storage.copied" : "storage.copy")}</Button>}
        </CopyButton>
      </Group>
    </Stack>
  );
}

function MakeBackup({ done }: { readonly done: () => void }) {
  const { t } = useTranslation("machine");
  const house = useHouse();
  const queries = useQueryClient();
  const [passphrase, type] = useState("");
  const [again, repeat] = useState("");
  const [fraction, far] = useState<number | null>(null);
  const [error, fail] = useState<GarretError | null>(null);
  const [stopper, stop] = useState<AbortController | null>(null);
  const different = passphrase !== again;
  const make = async () => {
    const ended = new AbortController();
    stop(ended);
    far(0);
    fail(null);
    try {
      await house.call("house.backup", { passphrase }, { signal: ended.signal, onProgress: (told) => far(told.fraction) });
      void queries.invalidateQueries({ queryKey: ["house.storage"] });
      done();
    } catch (problem) {
      fail(problem as GarretError);
    } finally {
      far(null);
    }
  };
  return (
    <form onSubmit={(event) => (event.preventDefault(), void make())}>
      <Stack>
        <Text>{t("storage.passphrase_about")}</Text>
        <PasswordInput label={t("storage.passphrase")} value={passphrase} onChange={(event) => type(event.currentTarget.value)} data-autofocus />
        <PasswordInput label={t("storage.again")} value={again} onChange={(event) => repeat(event.currentTarget.value)} error={different && again !== "" ? t("storage.different") : null} />
        {error !== null && <ErrorCard error={error} />}
        {fraction !== null && <Progress value={100 * fraction} aria-label={t("storage.back_up")} />}
        <Group justify="flex-end">
          {fraction !== null && <Button variant="default" onClick={() => stopper?.abort()}>{t("storage.stop")}</Button>}
          <Button type="submit" disabled={different || fraction !== null}>{t(passphrase === "" ? "storage.without_keys" : "storage.back_up")}</Button>
        </Group>
      </Stack>
    </form>
  );
}
