// The secret of an account or of a template: typed, pasted, or made by the hub.
"use client";
import { PasswordInput, Select, Text, Textarea } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Inputs } from "../api/types.ts";

const kinds = ["password", "ssh-key", "new-password", "new-ssh-key"] as const;
type Kind = (typeof kinds)[number];

/** As typed; {@link secretOf} says what is sent. */
export type TypedSecret = { kind: Kind; text: string; passphrase: string };
export const noSecret: TypedSecret = { kind: "password", text: "", passphrase: "" };

export function secretOf({ kind, text, passphrase }: TypedSecret): Inputs["accounts"]["setSecret"]["secret"] {
  switch (kind) {
    case "password":
      return { kind, password: text };
    case "ssh-key":
      return { kind, privateKey: text, passphrase: passphrase === "" ? null : passphrase };
    default:
      return { kind };
  }
}

interface SecretFieldsProps {
  value: TypedSecret;
  onChange: (value: TypedSecret) => void;
  wrong: boolean;
}

export function SecretFields({ value, onChange, wrong }: SecretFieldsProps) {
  const { t } = useTranslation();
  const error = wrong ? t("field.required") : undefined;
  const set = (more: Partial<TypedSecret>) => onChange({ ...value, ...more });
  return (
    <>
      <Select
        label={t("accounts.secret")}
        value={value.kind}
        allowDeselect={false}
        onChange={(chosen) => onChange({ ...noSecret, kind: kinds.find((one) => one === chosen) ?? "password" })}
        data={kinds.map((kind) => ({ value: kind, label: t(`secretKind.${kind}`) }))}
      />
      {value.kind === "password" && (
        <PasswordInput
          label={t("accounts.password")}
          value={value.text}
          autoComplete="new-password"
          error={error}
          onChange={(event) => set({ text: event.currentTarget.value })}
        />
      )}
      {value.kind === "ssh-key" && (
        <>
          <Textarea
            label={t("accounts.privateKey")}
            classNames={{ input: "mono" }}
            autosize
            minRows={4}
            maxRows={10}
            value={value.text}
            error={error}
            onChange={(event) => set({ text: event.currentTarget.value })}
          />
          <PasswordInput
            label={t("accounts.passphrase")}
            value={value.passphrase}
            autoComplete="off"
            onChange={(event) => set({ passphrase: event.currentTarget.value })}
          />
        </>
      )}
      {(value.kind === "new-ssh-key" || value.kind === "new-password") && (
        <Text size="sm" c="dimmed">
          {t(value.kind === "new-ssh-key" ? "accounts.newKeyText" : "accounts.newPasswordText")}
        </Text>
      )}
    </>
  );
}
