// How grave a notice is: colour and icon, and the word for who sees neither.
import { IconAlertOctagon, IconAlertTriangle, IconCircleCheck, IconInfoCircle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { InboxNotice } from "../api/types.ts";
import classes from "./notices.module.css";

const icons = {
  info: IconInfoCircle,
  success: IconCircleCheck,
  warning: IconAlertTriangle,
  critical: IconAlertOctagon,
};

export function SeverityMark({ severity }: Pick<InboxNotice, "severity">) {
  const { t } = useTranslation();
  const Icon = icons[severity];
  return (
    <span className={classes.severity} data-severity={severity} role="img" aria-label={t(`noticeSeverity.${severity}`)}>
      <Icon size={18} stroke={1.75} aria-hidden />
    </span>
  );
}
