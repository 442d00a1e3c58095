// Who is using this machine: the profile in force, switching it, the PIN, and what the profile may do.

import { Badge, Button, Group, PasswordInput, SegmentedControl, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Dialog } from "../../frame/Dialog";
import { ErrorCard } from "../../frame/ErrorCard";
import { Faces } from "../../frame/Faces";
import { useAct, useAsk } from "../../frame/house";

export function Profiles() {
  const { t } = useTranslation("settings");
  const profiles = useAsk("house.profiles", {});
  const me = useAsk("house.me", {});
  const use = useAct("house.profile_use");
  const queries = useQueryClient();
  const [wanted, want] = useState<string | null>(null);
  const [pin, type] = useState("");
  const [setting, set] = useState(false);
  const switched = (profile: string, secret: string) =>
    use.mutate({ profile, pin: secret }, { onSuccess: () => (want(null), type(""), void queries.invalidateQueries()) });
  return (
    <section className="m-card" aria-label={t("profiles.title")}>
      <Faces of={profiles}>
        {(data) => (
          <Stack gap="sm">
            <Group>
              <Text fw={560}>{t("profiles.title")}</Text>
              <SegmentedControl value={data.current} onChange={(profile) => (data.pin_set ? want(profile) : switched(profile, ""))} data={data.profiles.map((each) => ({ value: each, label: t(`profiles.kind.${each}`, { defaultValue: each }) }))} />
              <Button variant="default" onClick={() => set(true)}>{t(data.pin_set ? "profiles.change_pin" : "profiles.set_pin")}</Button>
            </Group>
            {use.error !== null && wanted === null && <ErrorCard error={use.error} />}
            <details>
              <summary>{t("profiles.may", { count: me.data?.capabilities.length ?? 0 })}</summary>
              <Group gap={6} mt="xs">
                {me.data?.capabilities.map((each) => <Badge key={each} variant="light" color="gray" tt="none">{each}</Badge>)}
              </Group>
            </details>
          </Stack>
        )}
      </Faces>
      <Dialog opened={wanted !== null} onClose={() => want(null)} title={t("profiles.pin_for")}>
        <form onSubmit={(event) => (event.preventDefault(), wanted !== null && switched(wanted, pin))}>
          <Stack>
            <PasswordInput label={t("profiles.pin")} value={pin} onChange={(event) => type(event.currentTarget.value)} data-autofocus />
            {use.error !== null && <ErrorCard error={use.error} />}
            <Button type="submit" loading={use.isPending}>{t("profiles.switch")}</Button>
          </Stack>
        </form>
      </Dialog>
      <Dialog opened={setting} onClose={() => set(false)} title={t("profiles.set_pin")}>
        <SetPin done={() => set(false)} />
      </Dialog>
    </section>
  );
}

function SetPin({ done }: { readonly done: () => void }) {
  const { t } = useTranslation("settings");
  const act = useAct("house.pin_set");
  const queries = useQueryClient();
  const [pin, type] = useState("");
  const [again, repeat] = useState("");
  const fresh = { onSuccess: () => (void queries.invalidateQueries({ queryKey: ["house.profiles"] }), done()) };
  return (
    <form onSubmit={(event) => (event.preventDefault(), act.mutate({ pin }, fresh))}>
      <Stack>
        <Text size="sm">{t("profiles.pin_about")}</Text>
        <PasswordInput label={t("profiles.pin")} value={pin} onChange={(event) => type(event.currentTarget.value)} data-autofocus />
        <PasswordInput label={t("profiles.pin_again")} value={again} onChange={(event) => repeat(event.currentTarget.value)} error={again !== "" && again !== pin ? t("profiles.different") : null} />
        {act.error !== null && <ErrorCard error={act.error} />}
        <Button type="submit" disabled={pin === "" || pin !== again} loading={act.isPending}>{t("profiles.set_pin")}</Button>
      </Stack>
    </form>
  );
}
