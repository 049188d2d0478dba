// Over every page while the hub's disk has little room, or its object store takes nothing: what that means now, and what this person can do
// about it. It cannot be closed,
// because work is being refused for as long as it stands; it goes by itself when there is room again.
"use client";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import { useMay } from "./me.tsx";
import classes from "./storage-banner.module.css";

export function StorageBanner() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const mayManage = useMay("settings.manage");
  const { data } = useQuery(trpc.home.summary.queryOptions());
  const state = data?.storage ?? "ok";
  // A live region is only heard when it stood there before its words.
  return (
    <div role="status" className={classes.region}>
      {state === "ok" && mayManage && data?.archive === "failing" && (
        <div className={classes.banner} data-state="archive">
          <IconAlertTriangle size={18} aria-hidden />
          <p>
            <strong>{t("storage.archive.title")}</strong> {t("storage.archive.text")}
          </p>
        </div>
      )}
      {state !== "ok" && (
        <div className={classes.banner} data-state={state}>
          <IconAlertTriangle size={18} aria-hidden />
          <p>
            <strong>{t(`storage.${state}.title`)}</strong> {t(`storage.${state}.text`)}{" "}
            {mayManage ? t("storage.makeRoom") : t("storage.tellAdministrator")}{" "}
            {mayManage && <Link href="/settings?tab=hub">{t("storage.showDirectory")}</Link>}
          </p>
        </div>
      )}
    </div>
  );
}
