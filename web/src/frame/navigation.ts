// The places of the console and who may open them. The rail and the palette both read this list.
import {
  IconCalendarClock,
  IconFileCode,
  IconFiles,
  IconHome,
  IconKey,
  IconListCheck,
  IconListSearch,
  IconPlayerPlay,
  IconServer2,
  IconSettings,
  IconShieldHalf,
  IconStack2,
  IconTerminal2,
  IconTicket,
  IconTopologyStar3,
  IconUsers,
  type TablerIcon,
} from "@tabler/icons-react";
import type { Permission } from "../api/types.ts";

export type PlaceName =
  | "home"
  | "reach"
  | "sessions"
  | "runs"
  | "tasks"
  | "scripts"
  | "tickets"
  | "files"
  | "fleet"
  | "assets"
  | "grants"
  | "rules"
  | "people"
  | "reviews"
  | "audit"
  | "settings";

export interface Place {
  name: PlaceName;
  href: string;
  icon: TablerIcon;
  group: "work" | "manage" | "evidence" | "self";
  needs: Permission | null;
}

export const places: readonly Place[] = [
  { name: "home", href: "/", icon: IconHome, group: "work", needs: null },
  { name: "reach", href: "/reach", icon: IconTopologyStar3, group: "work", needs: null },
  { name: "sessions", href: "/sessions", icon: IconTerminal2, group: "work", needs: null },
  { name: "runs", href: "/runs", icon: IconPlayerPlay, group: "work", needs: null },
  { name: "tasks", href: "/tasks", icon: IconCalendarClock, group: "work", needs: null },
  { name: "scripts", href: "/scripts", icon: IconFileCode, group: "work", needs: null },
  { name: "tickets", href: "/tickets", icon: IconTicket, group: "work", needs: null },
  { name: "files", href: "/files", icon: IconFiles, group: "work", needs: null },
  { name: "fleet", href: "/fleet", icon: IconStack2, group: "manage", needs: "fleet.read" },
  { name: "assets", href: "/assets", icon: IconServer2, group: "manage", needs: "assets.read" },
  { name: "grants", href: "/grants", icon: IconKey, group: "manage", needs: "grants.read" },
  { name: "rules", href: "/rules", icon: IconShieldHalf, group: "manage", needs: "grants.read" },
  { name: "people", href: "/people", icon: IconUsers, group: "manage", needs: "people.read" },
  { name: "reviews", href: "/reviews", icon: IconListCheck, group: "evidence", needs: "grants.read" },
  { name: "audit", href: "/audit", icon: IconListSearch, group: "evidence", needs: "audit.read" },
  { name: "settings", href: "/settings", icon: IconSettings, group: "self", needs: null },
];

/** Pages that belong to a place without being it. */
const belongsTo: Record<string, PlaceName> = {
  "/session": "sessions",
  "/run": "runs",
  "/runs/new": "runs",
  "/ticket": "tickets",
  "/tickets/new": "tickets",
  "/emergency": "tickets",
  "/review": "reviews",
  "/task": "tasks",
  "/tasks/edit": "tasks",
  "/script": "scripts",
  "/scripts/edit": "scripts",
};

export function placeOf(pathname: string): PlaceName | undefined {
  return belongsTo[pathname] ?? places.find((place) => place.href === pathname)?.name;
}
