// What can be done from everywhere, as data: the commands of the house that need nothing but to be called.
//
// Rooms bring their own with their manifests. What can be taken back is done at once with Undo; what cannot asks.

import type { HousePreferencesKey } from "./look";
import type { ActionTools, PaletteAction } from "./room";

/** Set a setting, said with a title and Undo; `value` as the settings page writes it. */
export async function changeSetting(tools: ActionTools, key: string, value: string, title: string): Promise<void> {
  const { house, toasts } = tools;
  const before = (await house.call("house.settings", {})).settings.find((each) => each.key === key);
  await house.call("house.setting_set", { key, value });
  const back = before === undefined || before.source === "default" ? null : before.value;
  toasts.undoable(title, async () => {
    await house.call("house.setting_set", { key, value: back });
  });
}

const setting = (id: string, key: HousePreferencesKey, value: string): PaletteAction => ({
  id: `act.${id}`,
  title: `frame:acts.${id}`,
  needs: "house.setting_set",
  run: (tools) => changeSetting(tools, `desk.${key}`, value, tools.t(`frame:acts.${id}`)),
});

const LOOKS: readonly PaletteAction[] = [
  setting("theme_system", "theme", "system"),
  setting("theme_light", "theme", "light"),
  setting("theme_dark", "theme", "dark"),
  setting("density_comfortable", "density", "comfortable"),
  setting("density_compact", "density", "compact"),
  setting("motion_system", "motion", "system"),
  setting("motion_reduced", "motion", "reduced"),
  setting("language_en", "language", "en"),
  setting("language_de", "language", "de"),
];

const SCALE_STEP = 0.125;

async function scaleBy(tools: ActionTools, step: number, title: string): Promise<void> {
  const { scale } = await tools.house.call("desk.preferences", {});
  const next = Math.min(2, Math.max(0.75, scale + step));
  if (next !== scale) await changeSetting(tools, "desk.scale", String(next), title);
}

export const ACTS: readonly PaletteAction[] = [
  {
    id: "act.close_way",
    title: "frame:acts.close_way",
    keys: "Ctrl+Shift+X",
    needs: "house.egress_close",
    async run({ house, toasts, t }) {
      await house.call("house.egress_close", { what: "all" });
      toasts.undoable(t("frame:acts.closed_way"), async () => {
        await house.call("house.egress_open", { what: "all" });
      });
    },
  },
  {
    id: "act.open_way",
    title: "frame:acts.open_way",
    needs: "house.egress_open",
    async run({ house, toasts, t }) {
      await house.call("house.egress_open", { what: "all" });
      toasts.say(t("frame:acts.opened_way"));
    },
  },
  {
    id: "act.stop_listening",
    title: "frame:acts.stop_listening",
    needs: "dictate.stop",
    async run({ house }) {
      await house.call("dictate.stop", {});
    },
  },
  {
    id: "act.stop_speaking",
    title: "frame:acts.stop_speaking",
    needs: "speak.stop",
    async run({ house }) {
      await house.call("speak.stop", {});
    },
  },
  {
    id: "act.backup",
    title: "frame:acts.backup",
    needs: "house.backup",
    async run({ house, toasts, t }) {
      toasts.say(t("frame:acts.backing_up"));
      const made = await house.call("house.backup", {});
      toasts.say(t("frame:acts.backed_up", { path: made.path }), { tone: "good" });
    },
  },
  {
    id: "act.verify",
    title: "frame:acts.verify",
    needs: "house.audit_verify",
    async run({ house, toasts, t }) {
      const verdict = await house.call("house.audit_verify", {});
      if (verdict.intact) toasts.say(t("frame:acts.verified", { count: verdict.entries }), { tone: "good" });
      else toasts.failed(verdict.problem);
    },
  },
  ...LOOKS,
  {
    id: "act.larger",
    title: "frame:acts.larger",
    needs: "house.setting_set",
    run: (tools) => scaleBy(tools, SCALE_STEP, tools.t("frame:acts.larger")),
  },
  {
    id: "act.smaller",
    title: "frame:acts.smaller",
    needs: "house.setting_set",
    run: (tools) => scaleBy(tools, -SCALE_STEP, tools.t("frame:acts.smaller")),
  },
  {
    id: "act.shutdown",
    title: "frame:acts.shutdown",
    needs: "house.shutdown",
    async run({ house, confirm, t }) {
      const question = { title: t("frame:acts.shutdown_ask"), verb: t("frame:acts.shutdown"), danger: true };
      if (await confirm({ ...question, body: t("frame:acts.shutdown_text") })) await house.call("house.shutdown", {});
    },
  },
  {
    id: "act.quit",
    title: "frame:acts.quit",
    needs: "window.quit",
    async run({ house }) {
      await house.call("window.quit", {});
    },
  },
];
