// Adding a source: what it is, where it is, a try, and what the try found. Only what answers is added.

import { Alert, Button, NativeSelect, PasswordInput, Stack, Textarea, TextInput, UnstyledButton } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconCopy, IconDatabase, IconFiles, IconServer } from "@tabler/icons-react";
import { useState, type DragEvent } from "react";
import { useTranslation } from "react-i18next";

import { ErrorCard } from "../../frame/ErrorCard";
import { useAct } from "../../frame/house";
import type { DataAdded, DataSourceStatus } from "../../protocol/contracts";
import { useDeeds } from "./deeds";
import { blank, dropped, missing, orderOf, suggested, type Form } from "./form";
import { BY_SSH, FILES, isServer, PORTS, SERVERS, type Kind } from "./sources";

export interface AddSourceProps {
  /** It was added, and what was to be said of it was read. */
  readonly done: (added: DataAdded) => void;
}

/** See the module. */
export function AddSource({ done }: AddSourceProps) {
  const { t } = useTranslation("data_pages");
  const [form, change] = useState<Form | null>(null);
  const add = useAct("data.add");
  if (add.data !== undefined) return <Found added={add.data} done={() => done(add.data)} again={() => (add.reset(), change(null))} />;
  if (form === null) return <Kinds choose={(kind) => change(blank(kind))} />;
  const wrong = missing(form);
  return (
    <form onSubmit={(event) => (event.preventDefault(), wrong === null && add.mutate(orderOf(form)))}>
      <Stack gap="sm">
        <h3>{t(`kind.${form.kind}`)}</h3>
        {isServer(form.kind) ? <ServerFields form={form} change={change} /> : <FileFields form={form} change={change} />}
        <TextInput label={t("add.name")} placeholder={suggested(form)} value={form.name} maxLength={60} onChange={(event) => change({ ...form, name: event.currentTarget.value })} />
        {add.error !== null && <ErrorCard error={add.error} title={t("add.failed")} />}
        <div className="g-row">
          <Button type="submit" loading={add.isPending} disabled={wrong !== null}>
            {t("add.try")}
          </Button>
          <Button variant="default" onClick={() => (add.reset(), change(null))}>
            {t("add.back")}
          </Button>
          {wrong !== null && <span className="g-quiet q-note">{t(`add.missing_${wrong}`)}</span>}
        </div>
        <p className="q-note g-quiet">{t(isServer(form.kind) ? "add.server_note" : "add.file_note")}</p>
      </Stack>
    </form>
  );
}

function Kinds({ choose }: { readonly choose: (kind: Kind) => void }) {
  const { t } = useTranslation("data_pages");
  const group = (title: string, kinds: readonly Kind[]) => (
    <section aria-label={title}>
      <h3>{title}</h3>
      <div className="q-kinds">
        {kinds.map((kind) => (
          <UnstyledButton key={kind} className="q-kind" onClick={() => choose(kind)}>
            {kind === "files" ? <IconFiles size={20} aria-hidden /> : isServer(kind) ? <IconServer size={20} aria-hidden /> : <IconDatabase size={20} aria-hidden />}
            <strong>{t(`kind.${kind}`)}</strong>
            <span className="g-quiet">{t(`kind_about.${kind}`)}</span>
          </UnstyledButton>
        ))}
      </div>
    </section>
  );
  return (
    <Stack gap="md">
      {group(t("add.on_machine"), FILES)}
      {group(t("add.servers"), SERVERS)}
    </Stack>
  );
}

interface FieldsProps {
  readonly form: Form;
  readonly change: (form: Form) => void;
}

function FileFields({ form, change }: FieldsProps) {
  const { t } = useTranslation("data_pages");
  const [told, tell] = useState("");
  const drop = (event: DragEvent) => {
    event.preventDefault();
    const paths = dropped(event.dataTransfer.getData("text/uri-list") || event.dataTransfer.getData("text/plain"));
    tell(paths.length === 0 ? t("add.no_place") : "");
    if (paths.length > 0) change({ ...form, paths: [form.paths.trim(), ...paths].filter((each) => each !== "").join("\n") });
  };
  return (
    <div onDragOver={(event) => event.preventDefault()} onDrop={drop}>
      <Textarea
        data-autofocus
        label={t(form.kind === "files" ? "add.paths" : "add.path")}
        description={t(form.kind === "files" ? "add.paths_about" : "add.path_about")}
        placeholder={form.kind === "files" ? "/home/ada/sales/*.csv" : `/home/ada/app.${form.kind === "sqlite" ? "sqlite" : "duckdb"}`}
        autosize
        minRows={form.kind === "files" ? 3 : 1}
        maxRows={10}
        value={form.paths}
        onChange={(event) => change({ ...form, paths: event.currentTarget.value })}
      />
      {told !== "" && (
        <p className="q-warning" role="alert">
          {told}
        </p>
      )}
    </div>
  );
}

function ServerFields({ form, change }: FieldsProps) {
  const { t } = useTranslation("data_pages");
  const field = (name: "host" | "port" | "database" | "schemas" | "user" | "authority" | "ssh", placeholder = "", about = "") => (
    <TextInput
      label={t(name === "database" && form.kind === "trino" ? "add.catalog" : `add.${name}`)}
      placeholder={placeholder}
      description={about}
      value={form[name]}
      autoComplete="off"
      spellCheck={false}
      onChange={(event) => change({ ...form, [name]: event.currentTarget.value })}
      {...(name === "host" ? { "data-autofocus": true } : {})}
      {...(name === "port" ? { inputMode: "numeric" as const } : {})}
    />
  );
  return (
    <>
      <div className="q-fields">
        {field("host", "db.example.org")}
        {field("port", String(PORTS[form.kind] ?? ""))}
        {field("database")}
        {field("user")}
        <PasswordInput label={t("add.password")} value={form.password} autoComplete="off" onChange={(event) => change({ ...form, password: event.currentTarget.value })} />
        <NativeSelect
          label={t("add.tls")}
          value={form.tls}
          onChange={(event) => change({ ...form, tls: event.currentTarget.value as Form["tls"] })}
          data={(["", "verify", "require", "off"] as const).map((value) => ({ value, label: t(`add.tls_${value || "auto"}`) }))}
        />
      </div>
      <details>
        <summary>{t("add.more")}</summary>
        <div className="q-fields">
          {field("schemas", "public sales", t("add.schemas_about"))}
          {field("authority", "/etc/ssl/office-ca.pem", t("add.authority_about"))}
          {BY_SSH.has(form.kind) && field("ssh", "ada@gate.example.org", t("add.ssh_about"))}
          <TextInput label={t("add.socket")} description={t("add.socket_about")} placeholder="/run/postgresql" value={form.paths} onChange={(event) => change({ ...form, paths: event.currentTarget.value })} />
        </div>
      </details>
    </>
  );
}

function Found({ added, done, again }: { readonly added: DataAdded; readonly done: () => void; readonly again: () => void }) {
  const { t } = useTranslation("data_pages");
  const { source, status } = added;
  return (
    <Stack gap="sm">
      <p className="q-good" role="status">
        <IconCircleCheck size={18} aria-hidden />
        <span>
          <strong>{source.name}</strong> {t("add.added", { count: source.tables })}
        </span>
      </p>
      <Status status={status} />
      <div className="g-row">
        <Button data-autofocus onClick={done}>
          {t("add.ask")}
        </Button>
        <Button variant="default" onClick={again}>
          {t("add.another")}
        </Button>
      </div>
    </Stack>
  );
}

/** What a test found: version, login, warnings, and the script that makes a login which may only read. */
export function Status({ status }: { readonly status: DataSourceStatus }) {
  const { t } = useTranslation("data_pages");
  const deeds = useDeeds();
  return (
    <Stack gap="xs">
      <p className="g-quiet q-note">
        {[status.version, status.login === "" ? "" : t("status.login", { login: status.login }), t(status.read_only ? "status.reads" : "status.writes"), t("status.took", { ms: Math.round(status.milliseconds) })]
          .filter((each) => each !== "")
          .join(" · ")}
      </p>
      {status.warnings.map((warning) => (
        <Alert key={warning} color="yellow" variant="light" icon={<IconAlertTriangle size={18} />}>
          {warning}
        </Alert>
      ))}
      {status.script !== "" && (
        <div>
          <p className="q-note">{t("status.script")}</p>
          <pre className="q-script" tabIndex={0}>
            {status.script}
          </pre>
          <Button size="xs" variant="default" leftSection={<IconCopy size={14} aria-hidden />} onClick={() => void deeds.copy(status.script, t("status.copied"))}>
            {t("status.copy")}
          </Button>
        </div>
      )}
    </Stack>
  );
}
