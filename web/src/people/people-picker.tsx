// Choosing people by typing part of their names or addresses.
"use client";
import { MultiSelect } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { failureOf } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Person } from "../api/types.ts";
import { displayText } from "../ui/display-text.ts";

interface PeoplePickerProps {
  chosen: readonly string[];
  onChange: (ids: readonly string[]) => void;
  label: string;
  hint: string;
}

const offeredMost = 50;

export function PeoplePicker({ chosen, onChange, label, hint }: PeoplePickerProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [text, setText] = useState("");
  const [search] = useDebouncedValue(text, 150);
  const found = useQuery(trpc.people.list.queryOptions({ search, limit: offeredMost }, { placeholderData: keepPreviousData }));
  const { data } = found;
  const failure = failureOf(found);
  // A chosen person must keep the name while the search shows others.
  const known = useRef(new Map<string, Person>());
  for (const person of data?.items ?? []) known.current.set(person.id, person);
  const ids = new Set([...(data?.items ?? []).map(({ id }) => id), ...chosen]);
  const options = [...ids].map((id) => {
    const person = known.current.get(id);
    return { value: id, label: person === undefined ? id : `${displayText(person.name)} (${displayText(person.email)})` };
  });
  return (
    <MultiSelect
      aria-label={label}
      placeholder={chosen.length === 0 ? hint : ""}
      data={options}
      value={[...chosen]}
      onChange={onChange}
      searchable
      searchValue={text}
      onSearchChange={setText}
      // The hub has searched already; an address matches though the name does not.
      filter={({ options: all }) => all}
      hidePickedOptions
      clearable
      maxDropdownHeight={280}
      nothingFoundMessage={failure ?? t("list.noMatch")}
      error={failure}
    />
  );
}
