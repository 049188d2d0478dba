// The way on from "you may not": the request for just that, filled in as far as is known.
"use client";
import { Button, type ButtonProps } from "@mantine/core";
import { actions } from "@sallyport/hub/access/input";
import { IconHandStop } from "@tabler/icons-react";
import Link from "next/link";
import { useTranslation } from "react-i18next";
import type { GrantAction, TicketKind } from "../api/types.ts";
import { useMay } from "../frame/me.tsx";
import { oneOf } from "../state/url-state.ts";

/** What is known of what was refused. account: a user name, or a choice without one as in grants. kind: left out, a script where one is named, otherwise servers. */
export interface Wish {
  kind?: TicketKind | undefined;
  assets?: readonly string[];
  account?: string | undefined;
  actions?: readonly GrantAction[];
  /** A script of this id, and its version. */
  script?: string | undefined;
  version?: number | undefined;
}

export function askHref({ kind, assets = [], account, actions: wished = [], script, version }: Wish): string {
  const wanted = script === undefined ? kind : "script";
  const asked = new URLSearchParams([
    ...(wanted === undefined ? [] : [["kind", wanted]]),
    ...assets.map((id) => ["asset", id]),
    ...(account === undefined ? [] : [["account", account]]),
    ...wished.map((action) => ["action", action]),
    ...(script === undefined ? [] : [["script", script]]),
    ...(version === undefined ? [] : [["version", String(version)]]),
  ]);
  return asked.size === 0 ? "/tickets/new" : `/tickets/new?${asked}`;
}

/** What askHref() wrote. */
export function wishIn(url: URLSearchParams): Wish {
  const wished = url.getAll("action").flatMap((one) => oneOf(one, actions) ?? []);
  const version = Number(url.get("version"));
  return {
    account: url.get("account") ?? undefined,
    script: url.get("script") ?? undefined,
    ...(wished.length === 0 ? {} : { actions: wished }),
    ...(Number.isInteger(version) && version > 0 ? { version } : {}),
  };
}

/** Codes of refusals that a request can change. */
const askable = new Set(["no-grant", "not-found", "account-needed", "approval-missing"]);
export const canBeAskedFor = (code: string): boolean => askable.has(code);

export function AskButton({ wish = {}, className, ...look }: ButtonProps & { wish?: Wish; className?: string | undefined }) {
  const { t } = useTranslation();
  if (!useMay("tickets.open")) return null;
  return (
    <Button
      variant="light"
      leftSection={<IconHandStop size={15} />}
      {...look}
      {...(className === undefined ? {} : { className })}
      component={Link}
      href={askHref(wish)}
      onClick={(event: React.MouseEvent) => event.stopPropagation()}
    >
      {t("tickets.ask")}
    </Button>
  );
}
