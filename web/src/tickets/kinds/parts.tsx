// Several things asked for, each of which can be left out.
"use client";
import { Checkbox, Group } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { TicketDetail } from "../../api/types.ts";
import { displayText } from "../../ui/display-text.ts";

interface PartsProps {
  label: string;
  all: readonly string[];
  left: readonly string[];
  word: (one: string) => string;
  onChange: (left: string[]) => void;
}

export function Parts({ label, all, left, word, onChange }: PartsProps) {
  return (
    <Checkbox.Group label={label} value={[...left]} onChange={(chosen) => onChange(all.filter((one) => chosen.includes(one)))}>
      <Group mt={6} gap="sm">
        {all.map((one) => (
          <Checkbox key={one} value={one} label={word(one)} />
        ))}
      </Group>
    </Checkbox.Group>
  );
}

interface NamedPartsProps {
  ticket: TicketDetail;
  all: readonly string[];
  left: readonly string[];
  onChange: (assetIds: string[]) => void;
}

/** Of the assets that are asked for. */
export function AssetParts({ ticket, ...parts }: NamedPartsProps) {
  const { t } = useTranslation();
  const names = new Map(ticket.assets.map(({ id, name }) => [id, name]));
  return <Parts label={t("tickets.servers")} word={(one) => displayText(names.get(one) ?? one)} {...parts} />;
}
