// Choosing whom or what a grant names: people, groups and roles, or assets, nodes and labels, by typing part of a name.
"use client";
import { MultiSelect } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { roleNames } from "@sallyport/hub/identity/input";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Asked, failureOf } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { FoundSubject, FoundTarget } from "../api/types.ts";
import { oneOf } from "../state/url-state.ts";
import { displayText } from "../ui/display-text.ts";

export type End = { kind: FoundSubject["kind"] | FoundTarget["kind"]; id: string; name: string; detail?: string };

interface EndsPickerProps<Chosen extends End> {
  chosen: readonly Chosen[];
  onChange: (ends: Chosen[]) => void;
  label: string;
  hint: string;
  error?: string | undefined;
  /** One only. */
  single?: boolean;
  autoFocus?: boolean;
}

export function SubjectsPicker({ peopleOnly = false, ...props }: EndsPickerProps<Subject> & { peopleOnly?: boolean }) {
  const trpc = useTRPC();
  const [text, setText] = useState("");
  const [search] = useDebouncedValue(text, 150);
  const query = useQuery(trpc.access.findSubjects.queryOptions({ search }, { placeholderData: keepPreviousData }));
  const found = (query.data?.items ?? []).filter(({ kind }) => !peopleOnly || kind === "user");
  return <EndsPicker {...props} found={found} query={query} text={text} setText={setText} />;
}

export function TargetsPicker({ assetsOnly = false, ...props }: EndsPickerProps<Target> & { assetsOnly?: boolean }) {
  const trpc = useTRPC();
  const [text, setText] = useState("");
  const [search] = useDebouncedValue(text, 150);
  const query = useQuery(trpc.access.findTargets.queryOptions({ search }, { placeholderData: keepPreviousData }));
  const found = (query.data?.items ?? []).filter(({ kind }) => !assetsOnly || kind === "asset");
  return <EndsPicker {...props} found={found} query={query} text={text} setText={setText} />;
}

interface OnePickerProps<Chosen extends End> {
  label: string;
  chosen: Chosen | null;
  onChange: (chosen: Chosen | null) => void;
}

/** One person: the first thing that a question about somebody asks for. */
export function PersonPicker({ label, chosen, onChange }: OnePickerProps<Subject>) {
  const { t } = useTranslation();
  const many = { chosen: chosen === null ? [] : [chosen], onChange: ([one]: Subject[]) => onChange(one ?? null) };
  return <SubjectsPicker peopleOnly single autoFocus label={label} hint={t("explain.whoHint")} {...many} />;
}

export function OneAssetPicker({ label, chosen, onChange }: OnePickerProps<Target>) {
  const { t } = useTranslation();
  const many = { chosen: chosen === null ? [] : [chosen], onChange: ([one]: Target[]) => onChange(one ?? null) };
  return <TargetsPicker assetsOnly single label={label} hint={t("grants.assetsHint")} {...many} />;
}

export type Subject = End & { kind: FoundSubject["kind"] };
export type Target = End & { kind: FoundTarget["kind"] };

const kinds: readonly End["kind"][] = ["user", "group", "role", "all", "node", "label", "asset"];

interface Searched<Chosen extends End> extends EndsPickerProps<Chosen> {
  found: readonly Chosen[];
  query: Asked & { isPending: boolean };
  text: string;
  setText: (text: string) => void;
}

function EndsPicker<Chosen extends End>(props: Searched<Chosen>) {
  const { chosen, onChange, label, hint, error, single = false, autoFocus = false, found, query, text, setText } = props;
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const failure = failureOf(query);
  const known = new Map([...found, ...chosen].map((end) => [keyOf(end), end]));
  const data = kinds.flatMap((kind) => {
    const items = [...known.values()].filter((end) => end.kind === kind);
    return items.length === 0
      ? []
      : [{ group: t(`grants.kind.${kind}`), items: items.map((end) => ({ value: keyOf(end), label: endText(end, t) })) }];
  });
  return (
    <MultiSelect
      label={label}
      placeholder={chosen.length === 0 ? hint : ""}
      data={data}
      value={chosen.map(keyOf)}
      onChange={(keys) => {
        setText("");
        if (single) setOpened(false);
        onChange(keys.flatMap((key) => known.get(key) ?? []));
      }}
      // What is still to come is no empty list.
      dropdownOpened={opened && !query.isPending}
      onDropdownOpen={() => setOpened(true)}
      onDropdownClose={() => setOpened(false)}
      searchable
      searchValue={text}
      onSearchChange={setText}
      // The hub has searched already; an address matches though the name does not.
      filter={({ options }) => options}
      hidePickedOptions
      clearable
      {...(single && { maxValues: 1 })}
      maxDropdownHeight={280}
      nothingFoundMessage={failure ?? t("list.noMatch")}
      error={error ?? failure}
      {...(autoFocus && { "data-autofocus": true })}
    />
  );
}

const keyOf = ({ kind, id }: End): string => `${kind}/${id}`;

/** As one reads it: a role by its title, all assets in words, two of one name by what tells them apart. */
export function endText({ kind, id, name, detail = "" }: End, t: TFunction): string {
  if (kind === "all") return t("grants.everything");
  const builtIn = oneOf(id, roleNames);
  if (kind === "role" && builtIn !== undefined) return t(`role.${builtIn}`);
  return detail === "" ? displayText(name) : `${displayText(name)} (${displayText(detail)})`;
}
