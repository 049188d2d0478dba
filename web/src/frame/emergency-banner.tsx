// Over every page of somebody who has taken access in an emergency, while it lasts.
"use client";
import { IconUrgent } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import { displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import classes from "./storage-banner.module.css";

/** It ends by time alone, which nobody announces. */
const lookAgainMs = 30_000;

export function EmergencyBanner() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const { data } = useQuery(trpc.breakGlass.held.queryOptions(undefined, { refetchInterval: lookAgainMs }));
  // A live region is only heard when it stood there before its words.
  return (
    <div role="status" className={classes.region}>
      {data?.items.map(({ id, title, endsAt }) => (
        <div key={id} className={classes.banner} data-state="full">
          <IconUrgent size={18} aria-hidden />
          <p>
            <strong>{t("breakGlass.held", { assets: displayText(title) })}</strong> {t("breakGlass.heldText")}{" "}
            {t("tickets.until")} <Moment at={endsAt} /> · <Link href={`/ticket?id=${id}`}>{t("breakGlass.look")}</Link>
          </p>
        </div>
      ))}
    </div>
  );
}
