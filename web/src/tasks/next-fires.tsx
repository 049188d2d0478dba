// The next moments at which a task is due.
"use client";
import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { timeZoneName } from "../ui/format.ts";
import { Moment } from "../ui/moment.tsx";
import { useLocale } from "../ui/use-locale.ts";
import classes from "./tasks.module.css";

export function NextFires({ fires }: { fires: readonly string[] }) {
  const { t } = useTranslation();
  const { moment } = useLocale();
  if (fires.length === 0) return null;
  return (
    <div>
      <Text size="xs" c="dimmed">
        {t("schedule.next", { zone: timeZoneName() })}
      </Text>
      <ol className={classes.fires}>
        {fires.map((at) => (
          <li key={at}>
            <span className="tabular">{moment(at)}</span>
            <span className={classes.muted}>
              <Moment at={at} />
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}
