// The doctor: every check with what to do, what is not well first.

import { Button, Code, Stack, Text } from "@mantine/core";
import { IconStethoscope } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { Faces } from "../../frame/Faces";
import { useAsk } from "../../frame/house";
import { RoomPage } from "../../frame/RoomPage";
import { State } from "./parts";

const ORDER = { fail: 0, warn: 1, ok: 2 } as const;

export default function Doctor() {
  const { t } = useTranslation("machine");
  const diagnosis = useAsk("house.doctor", {}, { fresh: true });
  return (
    <RoomPage
      title={t("doctor.title")}
      lead={t("doctor.about")}
      actions={
        <Button leftSection={<IconStethoscope size={16} aria-hidden />} loading={diagnosis.isFetching} onClick={() => void diagnosis.refetch()}>
          {t("doctor.again")}
        </Button>
      }
    >
      <Faces of={diagnosis}>
        {(data) => {
          const checks = [...data.checks].sort((a, b) => ORDER[a.outcome] - ORDER[b.outcome]);
          const ill = checks.filter((check) => check.outcome !== "ok").length;
          return (
            <Stack gap="xs">
              <Text role="status">{ill === 0 ? t("doctor.well") : t("doctor.ill", { count: ill })}</Text>
              {checks.map((check) => (
                <div key={check.name} className="m-card">
                  <div style={{ display: "flex", gap: 12, alignItems: "baseline", flexWrap: "wrap" }}>
                    <State state={check.outcome} />
                    <Text fw={560}>{check.name}</Text>
                    <Text style={{ flex: "1 1 260px" }}>{check.sentence}</Text>
                  </div>
                  {check.remedy !== "" && <Code block mt={8} style={{ whiteSpace: "pre-wrap" }}>{check.remedy}</Code>}
                </div>
              ))}
            </Stack>
          );
        }}
      </Faces>
    </RoomPage>
  );
}
