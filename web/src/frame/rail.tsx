// The left rail: the places this person may open, with what waits there.
"use client";
import { ActionIcon, Tooltip } from "@mantine/core";
import { IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import classes from "./frame.module.css";
import { Mark } from "./mark.tsx";
import { useMe } from "./me.tsx";
import { type Place, type PlaceName, placeOf, places } from "./navigation.ts";

interface Badge {
  count: number;
  label: string;
  tone: "amber" | "red";
}

export function Rail({ narrow, inDrawer = false, onToggle }: { narrow: boolean; inDrawer?: boolean; onToggle: () => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const current = placeOf(usePathname());
  const badges = useBadges();
  const shown = places.filter(({ needs }) => needs === null || me.permissions.includes(needs));
  const group = (name: Place["group"]) =>
    shown
      .filter((place) => place.group === name)
      .map((place) => (
        <PlaceLink key={place.name} place={place} narrow={narrow} current={current === place.name} badge={badges[place.name]} />
      ));
  const manage = group("manage");
  const evidence = group("evidence");
  return (
    <nav className={classes.rail} data-drawer={inDrawer || undefined} aria-label={t("nav.main")}>
      <Link href="/" className={classes.brand} aria-label={t("app.name")}>
        <Mark />
        {!narrow && <span>{t("app.name")}</span>}
      </Link>
      <div className={classes.places}>
        {group("work")}
        {manage.length > 0 && <GroupName narrow={narrow}>{t("nav.manage")}</GroupName>}
        {manage}
        {evidence.length > 0 && <GroupName narrow={narrow}>{t("nav.evidence")}</GroupName>}
        {evidence}
        <div className={classes.divider} />
        {group("self")}
      </div>
      {!inDrawer && (
        <div className={classes.foot}>
          <Tooltip label={narrow ? t("nav.expand") : t("nav.collapse")} position="right">
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              onClick={onToggle}
              aria-label={narrow ? t("nav.expand") : t("nav.collapse")}
            >
              {narrow ? <IconLayoutSidebarLeftExpand size={18} /> : <IconLayoutSidebarLeftCollapse size={18} />}
            </ActionIcon>
          </Tooltip>
        </div>
      )}
    </nav>
  );
}

function GroupName({ narrow, children }: { narrow: boolean; children: string }) {
  return narrow ? <div className={classes.divider} /> : <div className={classes.group}>{children}</div>;
}

function PlaceLink({
  place,
  narrow,
  current,
  badge,
}: {
  place: Place;
  narrow: boolean;
  current: boolean;
  badge: Badge | undefined;
}) {
  const { t } = useTranslation();
  const name = t(`nav.${place.name}`);
  const Icon = place.icon;
  const link = (
    <Link
      href={place.href}
      className={classes.place}
      aria-current={current ? "page" : undefined}
      aria-label={narrow ? name : undefined}
    >
      <Icon size={18} stroke={1.7} />
      {!narrow && name}
      {badge !== undefined && badge.count > 0 && (
        <span className={classes.badge} data-tone={badge.tone} title={badge.label}>
          {badge.count}
        </span>
      )}
    </Link>
  );
  return narrow ? (
    <Tooltip label={name} position="right">
      {link}
    </Tooltip>
  ) : (
    link
  );
}

function useBadges(): Partial<Record<PlaceName, Badge>> {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const { data } = useQuery(trpc.home.summary.queryOptions());
  const waiting = useQuery(trpc.tickets.waiting.queryOptions()).data?.waiting ?? 0;
  if (data === undefined) return {};
  const failed = data.failedRuns.length;
  return {
    fleet: { count: data.agents.offline, label: t("nav.agentsOffline", { count: data.agents.offline }), tone: "amber" },
    tickets: { count: waiting, label: t("nav.ticketsWaiting", { count: waiting }), tone: "amber" },
    runs: { count: failed, label: t("nav.runsFailed", { count: failed }), tone: "red" },
  };
}
