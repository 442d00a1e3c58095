// The sources: what is asked here, whether it answers, adding one, testing, disabling, removing with a way back.

import "./data.css";
import { Button, Menu } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconDatabase, IconDatabasePlus, IconDots, IconPlayerPause } from "@tabler/icons-react";
import { useNavigate, useRouterState } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { Sheet } from "../../frame/Dialog";
import { EmptyState } from "../../frame/EmptyState";
import { ErrorCard, sentenceOf } from "../../frame/ErrorCard";
import { Faces } from "../../frame/Faces";
import { useAct, useAsk, useHouse, useMay } from "../../frame/house";
import { RelativeTime } from "../../frame/RelativeTime";
import { remember } from "../../frame/remembered";
import { RoomPage } from "../../frame/RoomPage";
import { toasts } from "../../frame/toasts";
import type { DataSource } from "../../protocol/contracts";
import { AddSource, Status } from "./AddSource";
import { useDeeds } from "./deeds";
import { Reading } from "./Reading";
import { remove } from "./removal";
import { placeOf, useSources } from "./sources";

const ASK: string = "/data";
const SCHEMA: string = "/data/schema";

export default function Sources() {
  const { t } = useTranslation("data_pages");
  const navigate = useNavigate();
  const found = useSources();
  const mayAdd = useMay("data.add");
  const hash = useRouterState({ select: (state) => state.location.hash });
  const [adding, add] = useState(false);
  const [reading, read] = useState<DataSource | null>(null);
  useEffect(() => {
    if (hash !== "add") return;
    add(true);
    void navigate({ to: "/data/sources" as string, hash: "", replace: true });
  }, [hash, navigate]);
  const button = mayAdd && (
    <Button leftSection={<IconDatabasePlus size={16} aria-hidden />} onClick={() => add(true)}>
      {t("sources.add")}
    </Button>
  );
  const empty = (
    <EmptyState icon={IconDatabase} title={t("sources.none")} action={mayAdd ? { title: t("sources.add"), run: () => add(true) } : undefined}>
      {t(mayAdd ? "sources.none_text" : "ask.none_browser")}
    </EmptyState>
  );
  return (
    <RoomPage title={t("sources.title")} lead={t("sources.lead")} actions={button}>
      <Faces of={found} isEmpty={() => found.sources.length === 0} empty={empty}>
        {() => (
          <ul className="q-sources">
            {found.sources.map((source) => (
              <li key={source.id}>
                <Card source={source} read={() => read(source)} />
              </li>
            ))}
          </ul>
        )}
      </Faces>
      <Sheet opened={adding} onClose={() => add(false)} title={t("sources.add")} size="38rem">
        {adding && (
          <AddSource
            done={({ source }) => {
              add(false);
              remember("data.source", source.id);
              void navigate({ to: ASK });
            }}
          />
        )}
      </Sheet>
      <Sheet opened={reading !== null} onClose={() => read(null)} title={t("reading.title", { name: reading?.name ?? "" })} size="38rem">
        {reading !== null && <Reading key={reading.id} source={reading} done={() => read(null)} />}
      </Sheet>
    </RoomPage>
  );
}

function Card({ source, read }: { readonly source: DataSource; readonly read: () => void }) {
  const { t } = useTranslation("data_pages");
  const house = useHouse();
  const deeds = useDeeds();
  const navigate = useNavigate();
  const mayChange = useMay("data.switch");
  const test = useAct("data.test");
  const catalogue = useAsk("data.catalogue", { source: source.id, count: 1 }, { enabled: source.enabled && source.config.kind === "files" && source.taken > 0 });
  const fresh = () => deeds.fresh("data.list", "data.catalogue");
  const turn = (enabled: boolean) =>
    void deeds.attempt(async () => {
      await house.call("data.switch", { source: source.id, enabled });
      fresh();
      toasts.undoable(t(enabled ? "sources.enabled" : "sources.disabled", { name: source.name }), async () => {
        await house.call("data.switch", { source: source.id, enabled: !enabled });
        fresh();
      });
    });
  const away = () =>
    void deeds.attempt(() => remove(house, toasts, source, t("sources.removed", { name: source.name }), (error) => toasts.failed(sentenceOf(error))).finally(fresh));
  const look = () => {
    remember("data.source", source.id);
    void navigate({ to: SCHEMA });
  };
  const notes = catalogue.data?.notes ?? [];
  return (
    <article className="g-card q-source" aria-label={source.name} data-off={!source.enabled || undefined}>
      <div className="g-row">
        <State source={source} />
        <h2>{source.name}</h2>
        <span className="q-chip">{t(`kind.${source.config.kind}`)}</span>
        <span className="g-grow" />
        <Button size="xs" variant="default" loading={test.isPending} onClick={() => test.mutate({ source: source.id }, { onSettled: fresh })}>
          {t("sources.test")}
        </Button>
        <Button size="xs" variant="default" disabled={!source.enabled} onClick={look}>
          {t("sources.look")}
        </Button>
        {mayChange && (
          <Menu position="bottom-end">
            <Menu.Target>
              <Button size="xs" variant="default" aria-label={t("sources.more", { name: source.name })}>
                <IconDots size={16} aria-hidden />
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              {source.config.kind === "files" && <Menu.Item onClick={read}>{t("sources.reading")}</Menu.Item>}
              <Menu.Item onClick={() => turn(!source.enabled)}>{t(source.enabled ? "sources.disable" : "sources.enable")}</Menu.Item>
              <Menu.Item color="red" onClick={away}>
                {t("sources.remove")}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
      </div>
      <p className="q-place">{placeOf(source.config)}</p>
      <p className="g-quiet q-note">
        {source.taken > 0 ? (
          <>
            {t("sources.tables", { count: source.tables })} · {t("sources.looked")} <RelativeTime at={source.taken} />
          </>
        ) : (
          t("sources.not_looked")
        )}
      </p>
      {notes.length > 0 && (
        <details>
          <summary>{t("reading.notes", { count: notes.length })}</summary>
          <ul className="q-notes">
            {notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </details>
      )}
      {source.problem !== "" && test.error === null && (
        <p className="q-warning" role="alert">
          {source.problem}
        </p>
      )}
      {test.error !== null && <ErrorCard error={test.error} onRetry={() => test.mutate({ source: source.id })} />}
      {test.data !== undefined && (
        <div role="status">
          <Status status={test.data} />
        </div>
      )}
    </article>
  );
}

/** Whether it answers, as a shape, a colour and a word. */
function State({ source }: { readonly source: DataSource }) {
  const { t } = useTranslation("data_pages");
  const [Shape, tone, word] = !source.enabled
    ? ([IconPlayerPause, "quiet", "off"] as const)
    : source.problem !== ""
      ? ([IconAlertTriangle, "warn", "problem"] as const)
      : ([IconCircleCheck, "good", "on"] as const);
  return (
    <span className="q-state" data-tone={tone}>
      <Shape size={16} aria-hidden /> {t(`state.${word}`)}
    </span>
  );
}
