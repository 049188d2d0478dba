// How a run goes over its hosts: as whom, how long it may take, and how many at once.
"use client";
import { Button, NativeSelect, Stack, Switch, Text, TextInput } from "@mantine/core";
import { rolling as rollingInput } from "@sallyport/hub/automation/input";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocale } from "../ui/use-locale.ts";
import { defaultLimits, type LimitsDraft, limitsOf, type RollingDraft } from "./limits-draft.ts";

const timeLimits = [300, 3_600, 21_600, 86_400];
const expiries = [600, 3_600, 21_600, 86_400, 604_800];

interface RunLimitsProps {
  draft: LimitsDraft;
  onChange: (draft: LimitsDraft) => void;
}

export const rollingIsRight = (draft: LimitsDraft): boolean => {
  const { rolling } = limitsOf(draft);
  return rolling === null || rollingInput.safeParse(rolling).success;
};

export function RunLimits({ draft, onChange }: RunLimitsProps) {
  const { t } = useTranslation();
  const { duration } = useLocale();
  const [more, setMore] = useState(() => JSON.stringify(draft.rolling) !== JSON.stringify(defaultLimits.rolling));
  const seconds = (offered: readonly number[], chosen: number) =>
    [...new Set([...offered, chosen])]
      .sort((a, b) => a - b)
      .map((value) => ({ value: String(value), label: duration(value * 1_000) }));
  return (
    <Stack gap="md">
      <TextInput
        label={t("limits.account")}
        description={t("limits.accountHint")}
        placeholder="deploy"
        value={draft.account}
        onChange={(event) => onChange({ ...draft, account: event.currentTarget.value })}
      />
      <NativeSelect
        label={t("newRun.timeLimit")}
        description={t("limits.timeLimitHint")}
        value={String(draft.timeoutSeconds)}
        data={seconds(timeLimits, draft.timeoutSeconds)}
        onChange={(event) => onChange({ ...draft, timeoutSeconds: Number(event.currentTarget.value) })}
      />
      <NativeSelect
        label={t("limits.expiry")}
        description={t("limits.expiryHint")}
        value={String(draft.expirySeconds)}
        data={seconds(expiries, draft.expirySeconds)}
        onChange={(event) => onChange({ ...draft, expirySeconds: Number(event.currentTarget.value) })}
      />
      {more ? (
        <RollingFields draft={draft} onChange={(rolling) => onChange({ ...draft, rolling })} />
      ) : (
        <Button variant="subtle" size="compact-sm" style={{ alignSelf: "flex-start" }} onClick={() => setMore(true)}>
          {t("limits.more")}
        </Button>
      )}
    </Stack>
  );
}

const amounts = ["window", "canary", "batch", "perMinute", "perAgent", "maxErrors", "minExecuted"] as const;
const shares: readonly string[] = ["window", "canary", "batch", "maxErrors"];

function RollingFields({ draft, onChange }: { draft: LimitsDraft; onChange: (rolling: RollingDraft) => void }) {
  const { t } = useTranslation();
  const { rolling } = draft;
  const sent = limitsOf(draft).rolling;
  const parsed = sent === null ? null : rollingInput.safeParse(sent);
  const wrong = (field: string) =>
    parsed?.success === false && parsed.error.issues.some(({ path }) => path[0] === field)
      ? t(shares.includes(field) ? "limits.wrongAmount" : "limits.wrongNumber")
      : undefined;
  return (
    <Stack gap="sm">
      <Text size="sm" fw={500}>
        {t("limits.rolling")}
      </Text>
      <Text size="xs" c="dimmed">
        {t("limits.rollingHint")}
      </Text>
      {amounts.map((field) => (
        <div key={field}>
          <TextInput
            size="xs"
            label={t(`rolling.${field}`)}
            placeholder={shares.includes(field) ? "10, 25%" : ""}
            inputMode={shares.includes(field) ? "text" : "numeric"}
            value={rolling[field]}
            error={wrong(field)}
            onChange={(event) => onChange({ ...rolling, [field]: event.currentTarget.value })}
          />
          {field === "canary" && rolling.canary !== "" && (
            <Switch
              mt={8}
              size="sm"
              label={t("limits.pauseAfterCanary")}
              checked={rolling.pauseAfterCanary}
              onChange={(event) => onChange({ ...rolling, pauseAfterCanary: event.currentTarget.checked })}
            />
          )}
        </div>
      ))}
    </Stack>
  );
}
