// How the page looks, from `desk.preferences`: language, direction, density, motion, scale, theme.
//
// What was known at the last start is used until the house has answered, so that nothing flickers or jumps.

import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import type { DeskPreferences } from "../protocol/contracts";
import { languageFor } from "../strings";
import { useAsk } from "./house";
import { recall, remember } from "./remembered";

export type Look = Pick<DeskPreferences, "theme" | "density" | "language" | "motion" | "scale">;
export type HousePreferencesKey = keyof Look;

const KEPT = "look";
const FIRST: Look = { theme: "system", density: "comfortable", language: "", motion: "system", scale: 1 };

/** The look as it was last known. */
export const lastLook = (): Look => recall(KEPT, FIRST);

/** Put a look on the document: all but the theme, which is Mantine's. */
export function wear(look: Look, direction: (language: string) => "ltr" | "rtl", root = document.documentElement): string {
  const language = languageFor(look.language);
  root.lang = language;
  root.dir = direction(language);
  root.dataset["density"] = look.density;
  root.dataset["motion"] = look.motion;
  root.style.fontSize = look.scale === 1 ? "" : `${100 * look.scale}%`;
  return language;
}

/** The look of this page, worn. */
export function useLook(): Look {
  const { i18n } = useTranslation();
  const [last] = useState(lastLook);
  const look: Look = useAsk("desk.preferences", {}).data ?? last;
  useEffect(() => {
    const language = wear(look, (of) => i18n.dir(of));
    if (i18n.language !== language) void i18n.changeLanguage(language);
    const { theme, density, language: chosen, motion, scale } = look;
    remember(KEPT, { theme, density, language: chosen, motion, scale });
  }, [i18n, look]);
  return look;
}
