// Choosing assets by typing part of their names.
"use client";
import { MultiSelect } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { failureOf } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Asset } from "../api/types.ts";
import { displayText } from "../ui/display-text.ts";

interface AssetPickerProps {
  chosen: readonly string[];
  onChange: (ids: readonly string[]) => void;
  /** Only assets on which the person may do this; all of them when null. */
  action: "connect" | "run" | null;
  /** Also those that the person himself may not reach: for giving, not for using. */
  everything?: boolean;
  label: string;
  hint: string;
  error?: string | undefined;
}

const offeredMost = 200;
/** Of ten thousand nobody reads each, and as many labels would hold up the page: the rest is counted. */
const shownMost = 100;

export function AssetPicker({ chosen, onChange, action, everything = false, label, hint, error }: AssetPickerProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [text, setText] = useState("");
  const [search] = useDebouncedValue(text, 150);
  const found = useQuery(
    trpc.assets.list.queryOptions(
      { search, limit: offeredMost, scope: everything ? "all" : "mine" },
      { placeholderData: keepPreviousData },
    ),
  );
  const { data } = found;
  const [shown, rest] = [chosen.slice(0, shownMost), chosen.slice(shownMost)];
  // A chosen asset must keep its name while the search shows others.
  const known = useRef(new Map<string, Asset>());
  for (const asset of data?.items ?? []) known.current.set(asset.id, asset);
  const unknown = shown.filter((id) => !known.current.has(id));
  const named = useQuery(
    trpc.assets.list.queryOptions(
      { ids: unknown, limit: offeredMost, scope: everything ? "all" : "mine" },
      { enabled: data !== undefined && unknown.length > 0, placeholderData: keepPreviousData },
    ),
  );
  for (const asset of named.data?.items ?? []) known.current.set(asset.id, asset);

  const failure = failureOf(found) ?? failureOf(named);
  const hidden = new Set(rest);
  const offered = (data?.items ?? []).filter(({ id, may }) => !hidden.has(id) && (action === null || may[action]));
  const options = [...offered.map(({ id }) => id), ...shown.filter((id) => !offered.some((asset) => asset.id === id))].map(
    (id) => {
      const asset = known.current.get(id);
      if (asset === undefined) return { value: id, label: id };
      return { value: id, label: `${displayText(asset.name)}${asset.online ? "" : ` (${t("state.offline")})`}` };
    },
  );
  const offline = action === "run" ? chosen.filter((id) => known.current.get(id)?.online === false).length : 0;
  const counts = [
    ...(chosen.length > 0 ? [t("newRun.chosen", { count: chosen.length })] : []),
    ...(rest.length > 0 ? [t("newRun.notShown", { count: rest.length })] : []),
    ...(offline > 0 ? [t("newRun.offline", { count: offline })] : []),
  ];
  return (
    <MultiSelect
      aria-label={label}
      placeholder={chosen.length === 0 ? hint : ""}
      data={options}
      value={[...shown]}
      onChange={(ids) => onChange(ids.length === 0 ? [] : [...ids, ...rest])}
      searchable
      searchValue={text}
      onSearchChange={setText}
      hidePickedOptions
      clearable
      maxDropdownHeight={280}
      nothingFoundMessage={failure ?? t("list.noMatch")}
      description={counts.length > 0 ? counts.join(t("list.comma")) : undefined}
      inputWrapperOrder={["label", "input", "description", "error"]}
      error={error ?? failure}
    />
  );
}
