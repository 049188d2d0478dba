// What a script asks for: written here, filled in wherever it is run.
"use client";
import { ActionIcon, Button, Group, MultiSelect, NativeSelect, Switch, TagsInput, TextInput } from "@mantine/core";
import { parameterTypes } from "@sallyport/hub/scripts/input";
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { oneOf } from "../state/url-state.ts";
import { Panel } from "../ui/panel.tsx";
import { newParameter, type ParameterDraft } from "./parameter-draft.ts";
import classes from "./scripts.module.css";

interface ParameterEditorProps {
  drafts: readonly ParameterDraft[];
  onChange: (drafts: readonly ParameterDraft[]) => void;
  /** What is wrong with a field of the parameter at this place. */
  wrong: (at: number, field: string) => string | undefined;
}

export function ParameterEditor({ drafts, onChange, wrong }: ParameterEditorProps) {
  const { t } = useTranslation();
  const move = (at: number, by: number) => {
    const moved = drafts.filter((_, n) => n !== at);
    const draft = drafts[at];
    if (draft !== undefined) onChange(moved.toSpliced(at + by, 0, draft));
  };
  return (
    <Panel
      title={t("parameters.title")}
      action={
        <Button
          size="compact-sm"
          variant="subtle"
          leftSection={<IconPlus size={14} />}
          onClick={() => onChange([...drafts, newParameter()])}
        >
          {t("parameters.add")}
        </Button>
      }
      flush
    >
      {drafts.length === 0 && <p className={classes.note}>{t("parameters.hint")}</p>}
      <ol className={classes.parameters}>
        {drafts.map((draft, at) => (
          <li key={draft.key} className={classes.parameter}>
            <Group gap={4} justify="flex-end" mb={4}>
              <ActionIcon
                variant="subtle"
                color="gray"
                disabled={at === 0}
                aria-label={t("parameters.up", { n: at + 1 })}
                onClick={() => move(at, -1)}
              >
                <IconArrowUp size={15} />
              </ActionIcon>
              <ActionIcon
                variant="subtle"
                color="gray"
                disabled={at === drafts.length - 1}
                aria-label={t("parameters.down", { n: at + 1 })}
                onClick={() => move(at, 1)}
              >
                <IconArrowDown size={15} />
              </ActionIcon>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={t("parameters.remove", { n: at + 1 })}
                onClick={() => onChange(drafts.filter((_, n) => n !== at))}
              >
                <IconTrash size={15} />
              </ActionIcon>
            </Group>
            <ParameterFieldsOf
              draft={draft}
              wrong={(field) => wrong(at, field)}
              set={(part) => onChange(drafts.map((other, n) => (n === at ? { ...other, ...part } : other)))}
            />
          </li>
        ))}
      </ol>
    </Panel>
  );
}

interface FieldsProps {
  draft: ParameterDraft;
  set: (part: Partial<ParameterDraft>) => void;
  wrong: (field: string) => string | undefined;
}

function ParameterFieldsOf({ draft, set, wrong }: FieldsProps) {
  const { t } = useTranslation();
  const { type } = draft;
  const isNumber = type === "integer" || type === "number";
  const bounded = isNumber || type === "date";
  const hasChoices = type === "choice" || type === "multi-choice";
  return (
    <div className={classes.parameterFields}>
      <TextInput
        label={t("parameters.variable")}
        classNames={{ input: classes.code ?? "" }}
        placeholder="NAME"
        value={draft.name}
        error={wrong("name")}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <TextInput
        label={t("parameters.label")}
        placeholder={draft.name}
        value={draft.label}
        error={wrong("label")}
        onChange={(event) => set({ label: event.currentTarget.value })}
      />
      <NativeSelect
        label={t("parameters.type")}
        value={type}
        data={parameterTypes.map((value) => ({ value, label: t(`parameterType.${value}`) }))}
        onChange={(event) => {
          const chosen = oneOf(event.currentTarget.value, parameterTypes);
          if (chosen !== undefined) set({ type: chosen, default: "", defaults: [], min: "", max: "" });
        }}
      />
      {type !== "secret" && type !== "file" && (
        <NativeSelect
          label={t("parameters.as")}
          value={draft.as}
          data={[
            { value: "environment", label: t("parameters.asEnvironment", { name: draft.name || "NAME" }) },
            { value: "argument", label: t("parameters.asArgument") },
          ]}
          onChange={(event) => set({ as: event.currentTarget.value === "argument" ? "argument" : "environment" })}
        />
      )}
      {hasChoices && (
        <TagsInput
          className={classes.wide}
          label={t("parameters.choices")}
          description={t("parameters.choicesHint")}
          value={[...draft.choices]}
          error={wrong("choices")}
          onChange={(choices) => set({ choices, defaults: draft.defaults.filter((one) => choices.includes(one)) })}
        />
      )}
      {(type === "string" || isNumber || type === "date") && (
        <TextInput
          label={t("parameters.default")}
          type={type === "date" ? "date" : "text"}
          inputMode={isNumber ? "decimal" : undefined}
          value={draft.default}
          error={wrong("default")}
          onChange={(event) => set({ default: event.currentTarget.value })}
        />
      )}
      {(type === "boolean" || type === "choice") && (
        <NativeSelect
          label={t("parameters.default")}
          value={draft.default}
          data={[
            { value: "", label: t("parameters.noDefault") },
            ...(type === "choice"
              ? draft.choices.map((value) => ({ value, label: value }))
              : [
                  { value: "true", label: t("parameters.yes") },
                  { value: "false", label: t("parameters.no") },
                ]),
          ]}
          error={wrong("default")}
          onChange={(event) => set({ default: event.currentTarget.value })}
        />
      )}
      {type === "multi-choice" && (
        <MultiSelect
          label={t("parameters.default")}
          value={[...draft.defaults]}
          data={[...draft.choices]}
          error={wrong("default")}
          onChange={(defaults) => set({ defaults })}
        />
      )}
      {type === "string" && (
        <TextInput
          label={t("parameters.pattern")}
          classNames={{ input: classes.code ?? "" }}
          placeholder="[a-z0-9-]+"
          value={draft.pattern}
          error={wrong("pattern")}
          onChange={(event) => set({ pattern: event.currentTarget.value })}
        />
      )}
      {bounded && (
        <>
          <TextInput
            label={t("parameters.min")}
            type={type === "date" ? "date" : "text"}
            value={draft.min}
            error={wrong("min")}
            onChange={(event) => set({ min: event.currentTarget.value })}
          />
          <TextInput
            label={t("parameters.max")}
            type={type === "date" ? "date" : "text"}
            value={draft.max}
            error={wrong("max")}
            onChange={(event) => set({ max: event.currentTarget.value })}
          />
        </>
      )}
      <TextInput
        className={classes.wide}
        label={t("parameters.help")}
        value={draft.help}
        maxLength={500}
        onChange={(event) => set({ help: event.currentTarget.value })}
      />
      <Switch
        label={t("parameters.isRequired")}
        checked={draft.required}
        onChange={(event) => set({ required: event.currentTarget.checked })}
      />
    </div>
  );
}
