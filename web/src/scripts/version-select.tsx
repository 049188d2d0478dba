// Which version of a script: always the newest, or one that stays.
"use client";
import { NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { ScriptDetail } from "../api/types.ts";
import { displayText } from "../ui/display-text.ts";

interface VersionSelectProps {
  script: Pick<ScriptDetail, "id" | "latest">;
  /** Null for the newest. */
  value: number | null;
  onChange: (number: number | null) => void;
  description?: string;
}

export function VersionSelect({ script, value, onChange, description }: VersionSelectProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const { data } = useQuery(trpc.scripts.versions.queryOptions({ id: script.id }));
  const versions = data?.items ?? [];
  const offered = versions.map(({ number, note }) => ({
    value: String(number),
    label:
      note === "" ? t("scripts.versionN", { n: number }) : `${t("scripts.versionN", { n: number })} · ${displayText(note, 50)}`,
  }));
  if (value !== null && !versions.some(({ number }) => number === value))
    offered.push({ value: String(value), label: t("scripts.versionN", { n: value }) });
  return (
    <NativeSelect
      label={t("scripts.version")}
      description={description}
      value={value === null ? "" : String(value)}
      data={[{ value: "", label: t("scripts.newest", { n: script.latest }) }, ...offered]}
      onChange={(event) => onChange(event.currentTarget.value === "" ? null : Number(event.currentTarget.value))}
    />
  );
}
