// What is on a database server, as it is now: lists that the hub reads there and searches.
"use client";
import { MultiSelect, Radio, Stack } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../../api/error-text.ts";
import { useTRPC } from "../../api/trpc.ts";
import { displayText } from "../../ui/display-text.ts";

export interface Where {
  assetId: string;
  database?: string;
  schema?: string;
}

export function useCatalogue(where: Where, enabled = true) {
  const trpc = useTRPC();
  const [search, setSearch] = useState("");
  const [settled] = useDebouncedValue(search, 250);
  const { data, error, isFetching } = useQuery(
    trpc.databases.catalogue.queryOptions(
      { ...where, search: settled.slice(0, 100) },
      { enabled, placeholderData: keepPreviousData, retry: false, staleTime: 5_000 },
    ),
  );
  return {
    dialect: data?.dialect ?? null,
    items: data?.items ?? [],
    more: data?.more === true,
    loading: isFetching && data === undefined,
    failure: error === null ? null : errorSentence(error),
    search,
    setSearch,
  };
}

/** All tables, or these. */
export type Chosen = "all" | string[];

interface CatalogueSelectProps {
  where: Where;
  chosen: Chosen;
  onChange: (chosen: Chosen) => void;
}

export function CatalogueSelect({ where, chosen, onChange }: CatalogueSelectProps) {
  const { t } = useTranslation();
  const list = useCatalogue(where, chosen !== "all");
  const named = chosen === "all" ? [] : chosen;
  const names = [...new Set([...list.items.map(({ name }) => name), ...named])];
  const views = new Set(list.items.filter(({ kind }) => kind === "view").map(({ name }) => name));
  return (
    <Stack gap="xs">
      <Radio.Group
        label={t("databases.tables")}
        value={chosen === "all" ? "all" : "some"}
        onChange={(value) => onChange(value === "all" ? "all" : [])}
      >
        <Stack mt={6} gap={6}>
          <Radio value="all" label={t("databases.allTables")} />
          <Radio value="some" label={t("databases.someTables")} />
        </Stack>
      </Radio.Group>
      {chosen !== "all" && (
        <MultiSelect
          aria-label={t("databases.someTables")}
          description={list.more ? t("tickets.typeMore") : undefined}
          placeholder={named.length > 0 ? "" : list.loading ? t("databases.loading") : t("databases.choose")}
          data={names.map((name) => ({
            value: name,
            label: views.has(name) ? t("databases.view", { name: displayText(name) }) : displayText(name),
          }))}
          value={named}
          onChange={(all) => {
            list.setSearch("");
            onChange(all);
          }}
          searchable
          searchValue={list.search}
          onSearchChange={list.setSearch}
          filter={({ options }) => options}
          hidePickedOptions
          maxDropdownHeight={280}
          nothingFoundMessage={list.loading ? t("databases.loading") : (list.failure ?? t("list.noMatch"))}
          error={list.failure ?? undefined}
        />
      )}
    </Stack>
  );
}
