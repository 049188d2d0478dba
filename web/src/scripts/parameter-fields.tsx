// What a script asks for, to fill in: a field for each parameter. Left empty it is the parameter's default.
"use client";
import { Alert, MultiSelect, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import type { Parameter, ParameterValue, ParameterValues } from "@sallyport/hub/scripts/input";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { hubErrorOf } from "../api/hub-error.ts";
import { AssetSelect } from "../assets/asset-select.tsx";
import { FileSelect } from "../files/file-select.tsx";
import { displayText } from "../ui/display-text.ts";
import { SecretField } from "./secret-field.tsx";

interface ParameterFieldsProps {
  parameters: readonly Parameter[];
  values: ParameterValues;
  onChange: (values: ParameterValues) => void;
  /** What the hub answered; shown at the field it speaks of. */
  failure: unknown;
}

export function ParameterFields({ parameters, values, onChange, failure }: ParameterFieldsProps) {
  const { t } = useTranslation();
  const refused = failure === null || failure === undefined ? null : hubErrorOf(failure);
  const wrongName = refused?.code === "bad-parameter" ? refused.facts["parameter"] : undefined;
  // Such as a value for a parameter that a newer version no longer has: no field stands for it.
  const gone = Object.keys(values).filter((name) => !parameters.some((parameter) => parameter.name === name));
  const set = (name: string, value: ParameterValue | null) => {
    const { [name]: _before, ...others } = values;
    onChange(value === null || value === "" ? others : { ...others, [name]: value });
  };
  if (parameters.length === 0 && gone.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t("parameters.none")}
      </Text>
    );
  return (
    <Stack gap="md">
      {gone.map((name) => (
        <Alert
          key={name}
          color="orange"
          withCloseButton
          closeButtonLabel={t("parameters.drop", { name: displayText(name) })}
          onClose={() => set(name, null)}
        >
          {t("parameters.gone", { name: displayText(name) })}
        </Alert>
      ))}
      {parameters.map((parameter) => (
        <ParameterField
          key={parameter.name}
          parameter={parameter}
          value={values[parameter.name]}
          error={wrongName === parameter.name ? errorSentence(failure) : undefined}
          onChange={(value) => set(parameter.name, value)}
        />
      ))}
    </Stack>
  );
}

interface ParameterFieldProps {
  parameter: Parameter;
  value: ParameterValue | undefined;
  error: string | undefined;
  onChange: (value: ParameterValue | null) => void;
}

function ParameterField({ parameter, value, error, onChange }: ParameterFieldProps) {
  const { t } = useTranslation();
  const hasDefault = "default" in parameter && parameter.default !== undefined;
  const field = {
    label: displayText(parameter.label),
    description: displayText(parameter.help, 500) || undefined,
    // The star says "you must": with a default nobody must.
    required: parameter.required && !hasDefault,
    error,
  };
  const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
  const otherwise = (name: string) => (hasDefault ? t("parameters.byDefault", { value: name }) : "–");
  switch (parameter.type) {
    case "string":
      return (
        <TextInput
          {...field}
          value={text}
          placeholder={parameter.default ?? ""}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case "integer":
    case "number":
      return (
        <TextInput
          {...field}
          inputMode="decimal"
          value={text}
          placeholder={parameter.default === undefined ? boundsText(parameter) : String(parameter.default)}
          // As it was typed: the hub reads it, and says at this field what is wrong with it.
          onChange={(event) => onChange(event.currentTarget.value.trim())}
        />
      );
    case "date":
      return (
        <TextInput
          {...field}
          type="date"
          min={parameter.min}
          max={parameter.max}
          value={text}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case "boolean":
      return (
        <NativeSelect
          {...field}
          value={value === undefined ? "" : String(value)}
          data={[
            { value: "", label: otherwise(t(parameter.default === true ? "parameters.yes" : "parameters.no")) },
            { value: "true", label: t("parameters.yes") },
            { value: "false", label: t("parameters.no") },
          ]}
          onChange={(event) => onChange(event.currentTarget.value === "" ? null : event.currentTarget.value === "true")}
        />
      );
    case "choice":
      return (
        <NativeSelect
          {...field}
          value={text}
          data={[
            { value: "", label: otherwise(displayText(parameter.default ?? "", 80)) },
            ...parameter.choices.map((choice) => ({ value: choice, label: displayText(choice, 80) })),
          ]}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case "multi-choice":
      return (
        <MultiSelect
          {...field}
          value={Array.isArray(value) ? value : []}
          placeholder={Array.isArray(value) ? "" : displayText((parameter.default ?? []).join(", "), 80)}
          data={parameter.choices.map((choice) => ({ value: choice, label: displayText(choice, 80) }))}
          clearable
          onChange={(chosen) => onChange(chosen.length === 0 ? null : chosen)}
        />
      );
    case "secret":
      return <SecretField {...field} value={text === "" ? null : text} onChange={onChange} />;
    case "asset":
      return <AssetSelect {...field} value={text === "" ? null : text} onChange={onChange} />;
    case "file":
      return <FileSelect {...field} value={text === "" ? null : text} onChange={(file) => onChange(file?.id ?? null)} />;
  }
}

const boundsText = ({ min, max }: { min?: number | undefined; max?: number | undefined }): string =>
  min === undefined && max === undefined ? "" : `${min ?? "…"} – ${max ?? "…"}`;
