// Choosing a script that is kept, by typing part of its name.
"use client";
import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { failureOf } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { ScriptDetail } from "../api/types.ts";
import { displayText } from "../ui/display-text.ts";

const offeredMost = 50;

interface ScriptSelectProps {
  /** The chosen one as far as it is known; its id stands for its name until then. */
  chosen: Pick<ScriptDetail, "id" | "name"> | null;
  onChange: (id: string | null) => void;
  error?: string | undefined;
}

export function ScriptSelect({ chosen, onChange, error }: ScriptSelectProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [text, setText] = useState("");
  const [search] = useDebouncedValue(text, 150);
  const found = useQuery(trpc.scripts.list.queryOptions({ search, limit: offeredMost }, { placeholderData: keepPreviousData }));
  const names = new Map((found.data?.items ?? []).map(({ id, name }) => [id, displayText(name)]));
  if (chosen !== null) names.set(chosen.id, displayText(chosen.name));
  const failure = failureOf(found);
  return (
    <Select
      label={t("scripts.script")}
      data={[...names].map(([value, label]) => ({ value, label }))}
      value={chosen?.id ?? null}
      onChange={onChange}
      searchable
      onSearchChange={setText}
      // The hub has searched already; a description or an owner matches though the name does not.
      filter={({ options }) => options}
      placeholder={t("scripts.choose")}
      nothingFoundMessage={failure ?? t("list.noMatch")}
      error={error ?? failure}
    />
  );
}
