// Choosing what may be asked for, by a piece of its name.
"use client";
import { MultiSelect } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { Requestable, TicketKind } from "../api/types.ts";
import { displayText } from "../ui/display-text.ts";

interface RequestableSelectProps {
  kind: TicketKind;
  label: string;
  chosen: readonly Requestable[];
  onChange: (assets: Requestable[]) => void;
  error: string | undefined;
}

export function RequestableSelect({ kind, label, chosen, onChange, error }: RequestableSelectProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [text, setText] = useState("");
  const [search] = useDebouncedValue(text, 150);
  const { data, isPending } = useQuery(
    trpc.tickets.requestable.queryOptions({ kind, search }, { placeholderData: keepPreviousData }),
  );
  const known = new Map([...(data?.items ?? []), ...chosen].map((asset) => [asset.id, asset]));
  const nothing = !isPending && search === "" && known.size === 0;
  return (
    <MultiSelect
      label={label}
      description={data?.more === true ? t("tickets.typeMore") : undefined}
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
      nothingFoundMessage={nothing ? t("tickets.nothingToAsk") : t("list.noMatch")}
      error={error}
    />
  );
}
