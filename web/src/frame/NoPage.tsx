// An address that leads nowhere: said so, with a way back.

import { IconMapOff } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { EmptyState } from "./EmptyState";
import { rooms } from "./rooms";

export function NoPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  return (
    <EmptyState
      icon={IconMapOff}
      title={t("error.no_page")}
      action={{ title: t("error.home"), run: () => void navigate({ to: rooms[0]?.path ?? "/" }) }}
    >
      {t("error.no_page_text")}
    </EmptyState>
  );
}
