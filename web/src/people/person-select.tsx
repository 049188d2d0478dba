// Choosing one person of the organisation by typing part of the name.
"use client";
import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { failureOf } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import { displayText } from "../ui/display-text.ts";

interface PersonSelectProps {
  chosen: string | null;
  onChange: (id: string | null) => void;
  label: string;
  hint?: string;
  error?: string | undefined;
  disabled?: boolean;
}

export function PersonSelect({ chosen, onChange, label, hint, error, disabled = false }: PersonSelectProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [text, setText] = useState("");
  const [search] = useDebouncedValue(text.trim(), 150);
  const found = useQuery(
    trpc.people.colleagues.queryOptions({ search }, { enabled: search !== "", placeholderData: keepPreviousData }),
  );
  const now = useQuery(trpc.people.colleagues.queryOptions({ id: chosen ?? "" }, { enabled: chosen !== null }));
  const known = new Map([...(found.data?.items ?? []), ...(now.data?.items ?? [])].map((person) => [person.id, person]));
  const failure = failureOf(found);
  return (
    <Select
      label={label}
      description={hint}
      placeholder={t("people.typeName")}
      data={[...known.values()].map(({ id, name, username }) => ({
        value: id,
        label: `${displayText(name)} (${displayText(username)})`,
      }))}
      value={chosen}
      onChange={onChange}
      searchable
      searchValue={text}
      onSearchChange={setText}
      // The hub has searched already.
      filter={({ options }) => options}
      clearable
      disabled={disabled}
      maxDropdownHeight={280}
      nothingFoundMessage={failure ?? (search === "" ? t("people.typeName") : t("list.noMatch"))}
      error={error ?? failure}
    />
  );
}
