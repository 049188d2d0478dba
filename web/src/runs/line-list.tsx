// A list of values, or of names with values, one line each: a script's arguments and its environment.
"use client";
import { ActionIcon, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

export interface Line {
  /** Keeps the field's identity while lines above it come and go. */
  key: number;
  name: string;
  value: string;
}

let lastKey = 0;

export function newLine(name: string, value: string): Line {
  lastKey += 1;
  return { key: lastKey, name, value };
}

interface LineListProps {
  lines: readonly Line[];
  onChange: (lines: readonly Line[]) => void;
  add: string;
  nameLabel?: (n: number) => string;
  valueLabel: (n: number) => string;
  hint?: string;
}

export function LineList({ lines, onChange, add, nameLabel, valueLabel, hint }: LineListProps) {
  const { t } = useTranslation();
  const change = (key: number, parts: Partial<Line>) =>
    onChange(lines.map((line) => (line.key === key ? { ...line, ...parts } : line)));
  return (
    <Stack gap="xs">
      {lines.map((line, index) => (
        <Group key={line.key} gap={6} wrap="nowrap">
          {nameLabel !== undefined && (
            <TextInput
              size="xs"
              flex={1}
              ff="monospace"
              aria-label={nameLabel(index + 1)}
              placeholder="NAME"
              value={line.name}
              onChange={(event) => change(line.key, { name: event.currentTarget.value })}
            />
          )}
          <TextInput
            size="xs"
            flex={1}
            ff="monospace"
            aria-label={valueLabel(index + 1)}
            value={line.value}
            onChange={(event) => change(line.key, { value: event.currentTarget.value })}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t("newRun.removeLine", { n: index + 1 })}
            onClick={() => onChange(lines.filter(({ key }) => key !== line.key))}
          >
            <IconX size={15} />
          </ActionIcon>
        </Group>
      ))}
      <Button
        size="compact-sm"
        variant="subtle"
        leftSection={<IconPlus size={14} />}
        onClick={() => onChange([...lines, newLine("", "")])}
        style={{ alignSelf: "flex-start" }}
      >
        {add}
      </Button>
      {hint !== undefined && (
        <Text size="xs" c="dimmed">
          {hint}
        </Text>
      )}
    </Stack>
  );
}
