// Choosing what may be asked for, by a piece of its name.
"use client";
import { MultiSelect } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Asked, failureOf } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { AskableKind, Requestable } from "../api/types.ts";
import { displayText } from "../ui/display-text.ts";

interface AssetsByNameProps {
  label: string;
  chosen: readonly Requestable[];
  onChange: (assets: Requestable[]) => void;
  error: string | undefined;
  /** Asks the hub; the same hook each time. */
  useFound: (search: string) => Asked & { data: { items: Requestable[]; more: boolean } | undefined };
  /** The sentence when there is nothing at all to choose. */
  nothing: string;
}

type RequestableSelectProps = Omit<AssetsByNameProps, "useFound" | "nothing"> & { kind: AskableKind };

export function RequestableSelect({ kind, ...props }: RequestableSelectProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const useFound = (search: string) =>
    useQuery(trpc.tickets.requestable.queryOptions({ kind, search }, { placeholderData: keepPreviousData }));
  return <AssetsByName {...props} useFound={useFound} nothing={t("tickets.nothingToAsk")} />;
}

export function AssetsByName({ label, chosen, onChange, error, useFound, nothing: nothingAtAll }: AssetsByNameProps) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const [search] = useDebouncedValue(text, 150);
  const found = useFound(search);
  const { data } = found;
  const failure = failureOf(found);
  const known = new Map([...(data?.items ?? []), ...chosen].map((asset) => [asset.id, asset]));
  const nothing = data !== undefined && search === "" && known.size === 0;
  return (
    <MultiSelect
      label={label}
      description={nothing ? nothingAtAll : data?.more === true ? t("tickets.typeMore") : undefined}
      placeholder={chosen.length === 0 ? t("tickets.serversHint") : ""}
      data={[...known.values()].map(({ id, name }) => ({ value: id, label: displayText(name) }))}
      value={chosen.map(({ id }) => id)}
      onChange={(ids) => {
        setText("");
        onChange(ids.flatMap((id) => known.get(id) ?? []));
      }}
      searchable
      searchValue={text}
      onSearchChange={setText}
      // The hub has searched already.
      filter={({ options }) => options}
      hidePickedOptions
      clearable
      maxDropdownHeight={280}
      nothingFoundMessage={failure ?? (nothing ? nothingAtAll : t("list.noMatch"))}
      error={error ?? failure}
    />
  );
}
