// As whom: the accounts that the chosen assets have, and the choices without a name, each with what it means.
"use client";
import { Group, TagsInput, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Requestable } from "../api/types.ts";
import { accountWord } from "../grants/account-word.ts";

interface AccountsFieldProps {
  assets: readonly Requestable[];
  accounts: string[];
  onChange: (accounts: string[]) => void;
  error: string | undefined;
}

export const accountsOf = (assets: readonly Requestable[]): string[] => [...new Set(assets.flatMap(({ accounts }) => accounts))];

/** Where the assets leave one choice, it is made already; what somebody wrote stays. */
export function accountsFor(assets: readonly Requestable[], written: string[]): string[] {
  const [only, ...others] = accountsOf(assets);
  return written.length === 0 && only !== undefined && others.length === 0 ? [only] : written;
}

export function AccountsField({ assets, accounts, onChange, error }: AccountsFieldProps) {
  const { t } = useTranslation();
  return (
    <TagsInput
      label={t("grants.asWhom")}
      description={t("tickets.accountsHint")}
      value={accounts}
      data={[...accountsOf(assets), "@same-name", "@ask"]}
      renderOption={({ option: { value } }) => {
        const word = accountWord(value, t);
        return (
          <Group gap="xs">
            <span className="mono">{value.startsWith("@") ? value : word}</span>
            {value.startsWith("@") && (
              <Text size="xs" c="dimmed">
                {word}
              </Text>
            )}
          </Group>
        );
      }}
      error={error}
      onChange={onChange}
    />
  );
}
