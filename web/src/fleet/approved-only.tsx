// The mark of an agent whose host's owner lets scripts run only with an approval.
"use client";
import { Tooltip } from "@mantine/core";
import { IconShieldCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import classes from "./fleet.module.css";

export function ApprovedOnly() {
  const { t } = useTranslation();
  return (
    <Tooltip label={t("fleet.approvedOnlyText")} multiline maw={300}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must reach the explanation too */}
      <span className={classes.policy} tabIndex={0} role="note" aria-label={t("fleet.approvedOnlyText")}>
        <IconShieldCheck size={14} aria-hidden />
        {t("fleet.approvedOnly")}
      </span>
    </Tooltip>
  );
}
