// Choosing a password: the field with its hint, shared by first run and invitation.
"use client";
import { PasswordInput } from "@mantine/core";
import { useTranslation } from "react-i18next";

interface NewPasswordProps {
  value: string;
  error: string | undefined;
  onChange: (value: string) => void;
}

export function NewPassword({ value, error, onChange }: NewPasswordProps) {
  const { t } = useTranslation();
  return (
    <PasswordInput
      label={t("field.password")}
      description={t("field.passwordHint")}
      autoComplete="new-password"
      value={value}
      error={error}
      onChange={(event) => onChange(event.currentTarget.value)}
      visibilityToggleButtonProps={{ "aria-label": t("field.showPassword") }}
    />
  );
}
