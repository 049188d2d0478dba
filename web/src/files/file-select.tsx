// Choosing a file that is kept, by typing part of its name.
"use client";
import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { failureOf } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { KeptFile } from "../api/types.ts";
import { displayText } from "../ui/display-text.ts";
import { useLocale } from "../ui/use-locale.ts";

const offeredMost = 50;

interface FileSelectProps {
  label: string;
  description?: string | undefined;
  required?: boolean;
  value: string | null;
  /** With what is known of it: its name helps to say where it goes. */
  onChange: (file: Pick<KeptFile, "id" | "name"> | null) => void;
  error?: string | undefined;
}

export function FileSelect({ value, onChange, ...field }: FileSelectProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const { bytes } = useLocale();
  const [text, setText] = useState("");
  const [search] = useDebouncedValue(text, 150);
  const found = useQuery(
    trpc.files.list.queryOptions({ search, limit: offeredMost, ready: true }, { placeholderData: keepPreviousData }),
  );
  // The chosen one keeps its name while the search shows others.
  const chosen = useQuery(trpc.files.get.queryOptions({ id: value ?? "" }, { enabled: value !== null }));
  const files = new Map((found.data?.items ?? []).map((file) => [file.id, file]));
  if (chosen.data !== undefined) files.set(chosen.data.id, chosen.data);
  const data = [...files.values()].map(({ id, name, sizeBytes }) => ({
    value: id,
    label: `${displayText(name)} · ${bytes(sizeBytes)}`,
  }));
  if (value !== null && !files.has(value)) data.push({ value, label: chosen.isError ? t("runFiles.gone") : "…" });
  const failure = failureOf(found);
  return (
    <Select
      {...field}
      error={field.error ?? failure}
      data={data}
      value={value}
      onChange={(id) => onChange(files.get(id ?? "") ?? null)}
      searchable
      clearable={field.required !== true}
      onSearchChange={setText}
      // The hub has searched already; an owner matches though the name does not.
      filter={({ options }) => options}
      placeholder={t("list.search")}
      nothingFoundMessage={failure ?? t("runFiles.noneKept")}
    />
  );
}
