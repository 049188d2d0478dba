// Over every page of those who may read the audit log, while a witness contradicts it: until an administrator says that he knows why.
"use client";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import classes from "./storage-banner.module.css";

export function AuditBanner() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const { data } = useQuery(trpc.home.summary.queryOptions());
  // A live region is only heard when it stood there before its words.
  return (
    <div role="status" className={classes.region}>
      {data?.auditContradicted === true && (
        <div className={classes.banner} data-state="full">
          <IconAlertTriangle size={18} aria-hidden />
          <p>
            <strong>{t("auditBanner.title")}</strong> {t("auditBanner.text")} <Link href="/audit">{t("auditBanner.look")}</Link>
          </p>
        </div>
      )}
    </div>
  );
}
