// All settings: grouped by what they are about, found by words, each with its sentence, its default and an editor
// that fits it. A value is checked by the control plane before it is kept; what it says stands beside the field.

import { Badge, Button, Checkbox, NumberInput, Select, Stack, Switch, Text, TextInput, Textarea } from "@mantine/core";
import { IconArrowBackUp, IconSearch } from "@tabler/icons-react";
import { useRouterState } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { EmptyState } from "../../frame/EmptyState";
import { ErrorCard } from "../../frame/ErrorCard";
import { Faces } from "../../frame/Faces";
import { useAct, useAsk, useMay } from "../../frame/house";
import type { HouseSettingInfo } from "../../protocol/contracts";
import { RoomPage } from "../../frame/RoomPage";
import { ClearData } from "./ClearData";
import { Hotkeys } from "./Hotkeys";
import { Insertion } from "./Insertion";
import { Microphone } from "./Microphone";
import { Profiles } from "./Profiles";
import { found, GROUPS, groupOf, spelled, type Group as SettingGroup } from "./groups";
import "../machine/machine.css";
import "./settings.css";

function Privacy() {
  return (
    <>
      <Profiles />
      <ClearData />
    </>
  );
}

/** What stands above the settings of a group: tries and pictures, where a field is not enough. */
const ABOVE: Partial<Record<SettingGroup, () => React.ReactNode>> = {
  speech: Microphone,
  hotkeys: Hotkeys,
  insertion: Insertion,
  privacy: Privacy,
};

/** What a card above the settings has already. */
const SHOWN_ABOVE: ReadonlySet<string> = new Set(["dictate.device"]);

export default function Settings() {
  const { t } = useTranslation("settings");
  const settings = useAsk("house.settings", {});
  const [words, look] = useState("");
  const [group, choose] = useState<SettingGroup>("speech");
  const wanted = useRouterState({ select: (state) => state.location.hash });
  useEffect(() => {
    if (wanted === "") return;
    look("");
    choose(groupOf(wanted));
  }, [wanted]);
  const name = (key: string) => t(`name.${key.replace(".", "_")}`, { defaultValue: spelled(key) });
  const searching = words.trim() !== "";
  return (
    <RoomPage
      title={t("title")}
      actions={<TextInput aria-label={t("search")} placeholder={t("search")} leftSection={<IconSearch size={16} aria-hidden />} value={words} onChange={(event) => look(event.currentTarget.value)} w={280} />}
    >
      <div className="s-columns">
        <nav aria-label={t("groups")} className="s-groups">
          {GROUPS.map((each) => (
            <button key={each} className="s-group" aria-current={!searching && each === group ? "true" : undefined} onClick={() => (choose(each), look(""))}>
              {t(`group.${each}`)}
            </button>
          ))}
        </nav>
        <div>
          <Faces of={settings}>
            {(data) => {
              const all = found(data.settings, words, name);
              const shown = searching ? all : all.filter((setting) => groupOf(setting.key) === group && !SHOWN_ABOVE.has(setting.key));
              const Above = searching ? undefined : ABOVE[group];
              return (
                <Stack gap="md">
                  {!searching && <Text c="dimmed">{t(`about.${group}`)}</Text>}
                  {Above !== undefined && <Above />}
                  {shown.length === 0 && <EmptyState icon={IconSearch} title={t("nothing")}>{t("nothing_more")}</EmptyState>}
                  {shown.map((setting) => <Setting key={setting.key} setting={setting} name={name(setting.key)} wanted={setting.key === wanted} />)}
                </Stack>
              );
            }}
          </Faces>
        </div>
      </div>
    </RoomPage>
  );
}

function Setting({ setting, name, wanted }: { readonly setting: HouseSettingInfo; readonly name: string; readonly wanted: boolean }) {
  const { t } = useTranslation("settings");
  const card = useRef<HTMLElement>(null);
  useEffect(() => {
    if (wanted) card.current?.focus();
  }, [wanted]);
  const set = useAct("house.setting_set");
  const may = useMay("house.setting_set");
  const changed = setting.source !== "default" && setting.source !== "secrets";
  const save = (value: string | null) => set.mutate({ key: setting.key, value });
  return (
    <section ref={card} tabIndex={-1} className="m-card s-setting" aria-labelledby={`s-${setting.key}`}>
      <div className="s-words">
        <Text fw={560} id={`s-${setting.key}`}>
          {name} {changed && <Badge size="sm" variant="light" tt="none">{t("changed")}</Badge>} {setting.own && <Badge size="sm" variant="light" color="gray" tt="none">{t("own")}</Badge>}
        </Text>
        <Text size="sm" c="dimmed">{setting.sentence}</Text>
        <Text size="xs" c="dimmed" ff="monospace">{setting.key}</Text>
      </div>
      <div className="s-editor">
        <Editor setting={setting} label={name} save={save} disabled={!may} />
        {changed && may && (
          <Button size="compact-xs" variant="subtle" color="gray" leftSection={<IconArrowBackUp size={13} aria-hidden />} onClick={() => save(null)}>
            {t("default", { value: setting.default === "" ? t("empty") : setting.default })}
          </Button>
        )}
      </div>
      {setting.problem !== "" && <Text size="sm" c="var(--g-warn)" className="s-below">{setting.problem}</Text>}
      {set.error !== null && <div className="s-below"><ErrorCard error={set.error} /></div>}
    </section>
  );
}

interface EditorProps {
  readonly setting: HouseSettingInfo;
  readonly label: string;
  readonly save: (value: string) => void;
  readonly disabled: boolean;
}

function Editor(props: EditorProps) {
  const { setting, label, save, disabled } = props;
  const { t } = useTranslation("settings");
  if (setting.source === "secrets") return <Text size="sm">{setting.value}</Text>;
  if (setting.type === "bool")
    return <Switch aria-label={label} checked={setting.value === "yes"} disabled={disabled} onChange={(event) => save(event.currentTarget.checked ? "yes" : "no")} />;
  if (setting.type === "text" && setting.choices.length > 0)
    return <Select aria-label={label} value={setting.value} disabled={disabled} allowDeselect={false} searchable={setting.choices.length > 8} data={setting.choices.map((choice) => ({ value: choice, label: choice === "" ? t("system") : choice }))} onChange={(value) => value !== null && save(value)} />;
  if (setting.type === "list" && setting.choices.length > 0) return <Choices {...props} />;
  if (setting.type === "int" || setting.type === "float") return <NumberField {...props} />;
  return <TextField {...props} />;
}

/** What a person types, until it is saved by leaving the field or by Enter; Esc takes it back. */
function useDraft(value: string, save: (value: string) => void) {
  const [draft, type] = useState(value);
  useEffect(() => type(value), [value]);
  return { draft, type, keep: () => draft !== value && save(draft), undo: () => type(value) };
}

function TextField({ setting, label, save, disabled }: EditorProps) {
  const { draft, type, keep, undo } = useDraft(setting.value, save);
  const shared = {
    "aria-label": label,
    value: draft,
    disabled,
    onBlur: keep,
    spellCheck: false,
  };
  if (setting.type === "json" || setting.type === "list")
    return <Textarea {...shared} autosize minRows={1} maxRows={12} ff="monospace" onChange={(event) => type(event.currentTarget.value)} onKeyDown={(event) => (event.key === "Escape" ? undo() : event.key === "Enter" && (event.ctrlKey || event.metaKey) && keep())} />;
  return <TextInput {...shared} onChange={(event) => type(event.currentTarget.value)} onKeyDown={(event) => (event.key === "Escape" ? undo() : event.key === "Enter" && keep())} />;
}

function NumberField({ setting, label, save, disabled }: EditorProps) {
  const { draft, type, keep, undo } = useDraft(setting.value, save);
  const [lowest, highest] = setting.limits;
  return (
    <NumberInput
      aria-label={label}
      value={draft}
      disabled={disabled}
      allowDecimal={setting.type === "float"}
      {...(lowest === null ? {} : { min: lowest })}
      {...(highest === null ? {} : { max: highest })}
      onChange={(value) => type(String(value))}
      onBlur={keep}
      onKeyDown={(event) => (event.key === "Escape" ? undo() : event.key === "Enter" && keep())}
    />
  );
}

function Choices({ setting, label, save, disabled }: EditorProps) {
  const chosen = useMemo(() => parsedList(setting.value), [setting.value]);
  return (
    <div role="group" aria-label={label} className="s-choices">
      {setting.choices.map((choice) => (
        <Checkbox
          key={choice}
          size="xs"
          label={choice}
          checked={chosen.includes(choice)}
          disabled={disabled}
          onChange={(event) => save(JSON.stringify(setting.choices.filter((each) => (each === choice ? event.currentTarget.checked : chosen.includes(each)))))}
        />
      ))}
    </div>
  );
}

function parsedList(text: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.map(String) : [];
  } catch {
    return [];
  }
}
