// Who decides: people, the manager, the owner; how many of them; within which time, and who may after it.
"use client";
import { Button, Checkbox, Fieldset, Group, NumberInput, SegmentedControl, Select, Stack } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { SubjectsPicker } from "../grants/ends-picker.tsx";
import { oneOf } from "../state/url-state.ts";
import { type LevelDraft, waitUnits } from "./level-draft.ts";

const needs = ["any", "all", "count"] as const;

interface LevelFieldsProps {
  level: LevelDraft;
  title: string;
  errors: { approvers: string | undefined; minutes: string | undefined };
  /** Where no asset is touched there is no owner of one. */
  ownable?: boolean;
  onChange: (part: Partial<LevelDraft>) => void;
  onRemove: (() => void) | null;
}

export function LevelFields({ level, title, errors, ownable = true, onChange, onRemove }: LevelFieldsProps) {
  const { t } = useTranslation();
  return (
    <Fieldset legend={title}>
      <Stack gap="sm">
        <SubjectsPicker
          chosen={level.approvers}
          onChange={(approvers) => onChange({ approvers })}
          label={t("flows.who")}
          hint={t("grants.whoHint")}
          error={errors.approvers}
        />
        <Group gap="md">
          <Checkbox
            label={t("flows.manager")}
            checked={level.manager}
            onChange={(event) => onChange({ manager: event.currentTarget.checked })}
          />
          {ownable && (
            <Checkbox
              label={t("flows.owner")}
              checked={level.owner}
              onChange={(event) => onChange({ owner: event.currentTarget.checked })}
            />
          )}
        </Group>
        <Group gap="sm" align="flex-end">
          <SegmentedControl
            aria-label={t("flows.need")}
            data={needs.map((value) => ({ value, label: t(`flowNeed.${value}`) }))}
            value={level.need}
            onChange={(value) => onChange({ need: oneOf(value, needs) ?? "any" })}
          />
          {level.need === "count" && (
            <NumberInput
              aria-label={t("flows.howMany")}
              w={80}
              min={1}
              max={20}
              value={level.count}
              onChange={(value) => onChange({ count: typeof value === "number" ? value : 1 })}
            />
          )}
        </Group>
        <Group gap="xs" align="flex-end" wrap="nowrap">
          <NumberInput
            flex={1}
            label={t("flows.within")}
            description={t("flows.withinHint")}
            min={1}
            error={errors.minutes}
            value={level.wait}
            onChange={(value) => onChange({ wait: typeof value === "number" ? value : "" })}
          />
          <Select
            w={110}
            aria-label={t("flows.unit")}
            data={waitUnits.map((value) => ({ value, label: t(`waitUnit.${value}`) }))}
            value={level.unit}
            allowDeselect={false}
            onChange={(value) => onChange({ unit: oneOf(value, waitUnits) ?? "hours" })}
          />
        </Group>
        {level.wait !== "" && (
          <SubjectsPicker
            chosen={level.escalateTo}
            onChange={(escalateTo) => onChange({ escalateTo })}
            label={t("flows.escalateTo")}
            hint={t("flows.escalateHint")}
          />
        )}
        {onRemove !== null && (
          <Button
            variant="subtle"
            color="red"
            size="compact-sm"
            style={{ alignSelf: "flex-start" }}
            leftSection={<IconTrash size={14} />}
            onClick={onRemove}
          >
            {t("flows.removeLevel")}
          </Button>
        )}
      </Stack>
    </Fieldset>
  );
}
