// Which hosts a task would run on now, and which it may not, by name and reason.
"use client";
import { Skeleton, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { codeSentence, errorSentence } from "../api/error-text.ts";
import type { Outputs } from "../api/types.ts";
import { displayText } from "../ui/display-text.ts";
import { useLocale } from "../ui/use-locale.ts";
import classes from "./tasks.module.css";

type Preview = Outputs["tasks"]["preview"];

interface ResolvedTargetsProps {
  preview: Preview | undefined;
  error: unknown;
}

export function ResolvedTargets({ preview, error }: ResolvedTargetsProps) {
  const { t } = useTranslation();
  const { count } = useLocale();
  if (error !== null)
    return (
      <Text size="sm" c="red" role="alert">
        {errorSentence(error)}
      </Text>
    );
  if (preview === undefined) return <Skeleton height={40} />;
  const { allowed, targets, refused, refusedCount } = preview;
  return (
    <Stack gap="sm">
      <div>
        <Text size="sm" fw={500} mb={4}>
          {allowed === 0 ? t("targets.none") : t("targets.allowed", { count: allowed, shown: count(allowed) })}
        </Text>
        {targets.length > 0 && (
          <ul className={classes.names}>
            {targets.map(({ id, name }) => (
              <li key={id}>{displayText(name)}</li>
            ))}
            {allowed > targets.length && <li>{t("targets.more", { more: count(allowed - targets.length) })}</li>}
          </ul>
        )}
      </div>
      {refusedCount > 0 && <RefusedTargets refused={refused} total={refusedCount} />}
    </Stack>
  );
}

interface RefusedTargetsProps {
  refused: Preview["refused"];
  /** May be more than are named. */
  total: number;
}

export function RefusedTargets({ refused, total }: RefusedTargetsProps) {
  const { t } = useTranslation();
  const { count } = useLocale();
  return (
    <div>
      <Text size="sm" fw={500} mb={4}>
        {t("targets.refused", { count: total, shown: count(total) })}
      </Text>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it */}
      <ul className={classes.names} data-refused tabIndex={0}>
        {refused.map(({ assetId, name, code }) => (
          <li key={assetId}>
            <b style={{ fontWeight: 500 }}>{displayText(name) || t("targets.unknown")}</b>{" "}
            <span className={classes.muted}>{codeSentence(code)}</span>
          </li>
        ))}
        {total > refused.length && <li>{t("targets.more", { more: count(total - refused.length) })}</li>}
      </ul>
    </div>
  );
}
