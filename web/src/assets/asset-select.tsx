// Choosing one asset by typing part of its name.
"use client";
import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { failureOf } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import { displayText } from "../ui/display-text.ts";

interface AssetSelectProps {
  value: string | null;
  onChange: (id: string | null) => void;
  label: string;
  description?: string | undefined;
  error?: string | undefined;
  required?: boolean;
}

const offeredMost = 50;

export function AssetSelect({ value, onChange, ...field }: AssetSelectProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [text, setText] = useState("");
  const [search] = useDebouncedValue(text, 150);
  const found = useQuery(
    trpc.assets.list.queryOptions({ search, limit: offeredMost, scope: "mine" }, { placeholderData: keepPreviousData }),
  );
  // The chosen one keeps its name while the search shows others.
  const chosen = useQuery(trpc.assets.get.queryOptions({ id: value ?? "" }, { enabled: value !== null }));
  const names = new Map((found.data?.items ?? []).map(({ id, name }) => [id, displayText(name)]));
  if (value !== null) names.set(value, chosen.data === undefined ? value : displayText(chosen.data.name));
  const failure = failureOf(found);
  return (
    <Select
      {...field}
      error={field.error ?? failure}
      data={[...names].map(([id, name]) => ({ value: id, label: name }))}
      value={value}
      onChange={onChange}
      searchable
      clearable
      onSearchChange={setText}
      // The hub has searched already; an address matches though the name does not.
      filter={({ options }) => options}
      placeholder={t("list.search")}
      nothingFoundMessage={failure ?? t("list.noMatch")}
    />
  );
}
