// Search and the few filters that matter; all of it lives in the address.
"use client";
import { Button, Menu, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconCheck, IconChevronDown, IconSearch } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useUrlState } from "../state/url-state.ts";
import classes from "./list.module.css";

export interface Filter {
  /** The parameter's name in the address. */
  key: string;
  label: string;
  options: readonly { value: string; label: string }[];
}

/** Searching while typing, but not once per letter. */
const searchSettleMs = 250;

export function FilterBar({
  filters,
  searchable,
  tools,
}: {
  filters: readonly Filter[];
  searchable: boolean;
  tools?: ReactNode;
}) {
  if (!searchable && filters.length === 0 && tools === undefined) return null;
  return (
    <div className={classes.filters}>
      {searchable && <SearchField />}
      {filters.map((filter) => (
        <FilterChip key={filter.key} filter={filter} />
      ))}
      {tools !== undefined && <div className={classes.tools}>{tools}</div>}
    </div>
  );
}

function SearchField() {
  const { t } = useTranslation();
  const [url, changeUrl] = useUrlState();
  const [text, setText] = useState(url.get("q") ?? "");
  const search = useDebouncedCallback((words: string) => changeUrl({ q: words.trim() }), searchSettleMs);
  return (
    <TextInput
      className={classes.search}
      type="search"
      size="xs"
      leftSection={<IconSearch size={15} />}
      placeholder={t("list.search")}
      aria-label={t("list.search")}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        search(event.currentTarget.value);
      }}
    />
  );
}

function FilterChip({ filter: { key, label, options } }: { filter: Filter }) {
  const { t } = useTranslation();
  const [url, changeUrl] = useUrlState();
  const value = url.get(key);
  const chosen = options.find((option) => option.value === value);
  const choices = [{ value: null, label: t("list.any") }, ...options];
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button
          size="xs"
          variant={chosen === undefined ? "default" : "light"}
          rightSection={<IconChevronDown size={14} />}
          aria-label={t("list.filterBy", { name: chosen === undefined ? label : `${label}: ${chosen.label}` })}
        >
          {chosen === undefined ? label : `${label}: ${chosen.label}`}
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah={360} style={{ overflowY: "auto" }}>
        {choices.map((choice) => (
          <Menu.Item
            key={choice.value ?? ""}
            rightSection={choice.value === value ? <IconCheck size={14} /> : undefined}
            onClick={() => changeUrl({ [key]: choice.value })}
          >
            {choice.label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
