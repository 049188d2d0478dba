// Which lines a rule looks for: words and regular expressions, one a line, ready ones to begin with, and a line to try them on.
"use client";
import { Button, Group, Menu, Stack, Text, Textarea } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconListDetails } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC, useTRPCClient } from "../api/trpc.ts";
import { displayText } from "../ui/display-text.ts";
import { LineInput } from "./line-input.tsx";
import { readyPatterns, readySets } from "./ready-patterns.ts";
import { patternsOf, type RuleDraft, withPatterns } from "./rule-draft.ts";
import { brokenPattern } from "./rule-failure.ts";
import classes from "./rules.module.css";

type Patterns = Pick<RuleDraft, "words" | "regexes">;

interface PatternsFieldProps {
  patterns: Patterns;
  onChange: (patterns: Partial<Patterns>) => void;
  error: string | undefined;
  /** What the hub said is no regular expression. */
  broken: string | undefined;
}

export function PatternsField({ patterns, onChange, error, broken }: PatternsFieldProps) {
  const { t } = useTranslation();
  const [line, setLine] = useState("");
  const tried = useTried(patterns, line);
  return (
    <Stack gap="xs">
      <Group justify="space-between" align="flex-end">
        <Text size="sm" fw={500}>
          {t("rules.lines")}
        </Text>
        <Menu position="bottom-end">
          <Menu.Target>
            <Button variant="default" size="compact-sm" leftSection={<IconListDetails size={14} />}>
              {t("rules.insert")}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {readySets.map((set) => (
              <Menu.Item key={set} onClick={() => onChange(withPatterns(patterns, readyPatterns[set]))}>
                {t(`readyPatterns.${set}`)}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      </Group>
      <Textarea
        label={t("rules.words")}
        description={t("rules.wordsHint")}
        placeholder={"rm -rf\nmkfs"}
        value={patterns.words}
        error={error}
        onChange={(event) => onChange({ words: event.currentTarget.value })}
        {...monospace}
      />
      <Textarea
        label={t("rules.regexes")}
        description={t("rules.regexesHint")}
        value={patterns.regexes}
        error={broken ?? tried.broken}
        onChange={(event) => onChange({ regexes: event.currentTarget.value })}
        {...monospace}
      />
      <LineInput label={t("rules.tryLine")} value={line} onChange={setLine} />
      <Text size="sm" role="status" mih={20} c={tried.match === null ? "dimmed" : "inherit"}>
        {tried.match === null && t("rules.matchesNone")}
        {typeof tried.match === "string" && t("rules.matches", { pattern: displayText(tried.match, 200) })}
      </Text>
    </Stack>
  );
}

const monospace = {
  autosize: true,
  minRows: 2,
  maxRows: 10,
  spellCheck: false,
  classNames: { input: classes.code ?? "" },
};

/** Long enough for a word to be typed. */
const settleMs = 250;

/** match: the pattern; null: none; undefined: nothing has been tried. */
function useTried(patterns: Patterns, line: string): { match: string | null | undefined; broken: string | undefined } {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const client = useTRPCClient();
  const wanted = { patterns: patternsOf(patterns), line };
  const [asked] = useDebouncedValue(JSON.stringify(wanted), settleMs);
  const query = useQuery({
    queryKey: [...trpc.rules.tryPatterns.mutationKey(), asked],
    queryFn: () => client.rules.tryPatterns.mutate(wanted),
    enabled: line !== "" && wanted.patterns.length > 0 && asked === JSON.stringify(wanted),
    placeholderData: keepPreviousData,
    retry: false,
  });
  if (line === "" || wanted.patterns.length === 0) return { match: undefined, broken: undefined };
  if (query.isError) return { match: undefined, broken: brokenPattern(query.error, t) };
  return { match: query.data?.match, broken: undefined };
}
