// The first five steps: each can be skipped, and all are found again in the settings and the palette.

import { Alert, Button, Code, Group, List, Stack, Stepper, Text, Textarea } from "@mantine/core";
import { IconShieldLock } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { RoomPage } from "../../frame/RoomPage";
import { Faces } from "../../frame/Faces";
import { useAct, useAsk } from "../../frame/house";
import { Hotkeys } from "../settings/Hotkeys";
import { Insertion } from "../settings/Insertion";
import { Microphone } from "../settings/Microphone";
import "../settings/settings.css";
import "../machine/machine.css";

const FIRST_ROOM: string = "/dictate";
const STEPS = ["welcome", "microphone", "hotkeys", "insertion", "better"] as const;

export default function FirstRun() {
  const { t } = useTranslation("settings");
  const [step, turn] = useState(0);
  const [moved, move] = useState(false);
  const go = (to: number) => {
    move(true);
    turn(to);
  };
  const set = useAct("house.setting_set");
  const navigate = useNavigate();
  const leave = () => {
    set.mutate({ key: "desk.first_run_done", value: "yes" });
    void navigate({ to: FIRST_ROOM }); // "/" would lead to where one was last: here
  };
  const last = step === STEPS.length - 1;
  return (
    <RoomPage title={t("first.title")} actions={<Button variant="subtle" color="gray" onClick={leave}>{t("first.skip_all")}</Button>}>
      <Stepper active={step} onStepClick={go} size="sm">
        {STEPS.map((each) => (
          <Stepper.Step key={each} label={t(`first.step.${each}`)}>
            <Stack gap="md" mt="lg" mih={300}>
              <Step step={each} arrived={moved} />
            </Stack>
          </Stepper.Step>
        ))}
      </Stepper>
      <Group justify="space-between" mt="lg">
        <Button variant="default" disabled={step === 0} onClick={() => go(step - 1)}>{t("first.back")}</Button>
        <Button onClick={() => (last ? leave() : go(step + 1))}>{t(last ? "first.done" : "first.next")}</Button>
      </Group>
    </RoomPage>
  );
}

/** One step. Who came to it from another begins at its top: the button that led here may be gone or mean another thing. */
function Step({ step, arrived }: { readonly step: (typeof STEPS)[number]; readonly arrived: boolean }) {
  const { t } = useTranslation("settings");
  const top = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    if (arrived) top.current?.focus();
  }, [arrived, step]); // one part serves all steps, so each is an arrival
  return (
    <>
      <Text size="lg" ref={top} tabIndex={-1}>{t(`first.about.${step}`)}</Text>
      {step === "welcome" && <Welcome />}
      {step === "microphone" && <Microphone />}
      {step === "hotkeys" && <Hotkeys />}
      {step === "hotkeys" && <TryHotkey />}
      {step === "insertion" && <Insertion />}
      {step === "better" && <Better />}
    </>
  );
}

function Welcome() {
  const { t } = useTranslation("settings");
  return (
    <>
      <List spacing="xs">
        {(["hear", "keep", "leave", "see"] as const).map((each) => <List.Item key={each}>{t(`first.promise.${each}`)}</List.Item>)}
      </List>
      <Alert icon={<IconShieldLock size={18} />} color="green">{t("first.private")}</Alert>
    </>
  );
}

/** A field to hold the key in and speak: what any other program gets, this one gets as well. */
function TryHotkey() {
  const { t } = useTranslation("settings");
  const talk = useAsk("window.hotkeys", {}).data?.hotkeys.find((each) => each.action === "talk" && each.works);
  if (talk === undefined) return null;
  return <Textarea label={t("first.try_hotkey", { keys: talk.keys })} placeholder={t("first.try_here")} rows={3} />;
}

/** What would make speech better here: the models that are there, and the command for more. */
function Better() {
  const { t } = useTranslation("settings");
  const engines = useAsk("stt.engines", {});
  const models = useAsk("dictate.models", {});
  return (
    <>
      <Faces of={engines}>
        {(data) => (
          <List>
            {data.engines.map((engine) => <List.Item key={engine.name}><b>{engine.name}</b>: {engine.available ? engine.quality : engine.reason}</List.Item>)}
          </List>
        )}
      </Faces>
      <Faces of={models}>{(data) => <Text>{t("first.models", { count: data.models.length, names: data.models.map((model) => model.name).join(", ") })}</Text>}</Faces>
      <Text>{t("first.more_models")}</Text>
      <Code block>garret models add FOLDER</Code>
    </>
  );
}
