// A link that lets somebody choose a password: shown once, to be sent by hand.
"use client";
import { Alert, Group, Stack, Text, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { CopyButton } from "../ui/copy.tsx";
import { displayText } from "../ui/display-text.ts";
import { useLocale } from "../ui/use-locale.ts";

export function LinkOnce({ name, link, expiresAt }: { name: string; link: string; expiresAt: string }) {
  const { t } = useTranslation();
  const { moment } = useLocale();
  return (
    <Alert color="teal" title={t("people.linkReady", { name: displayText(name) })}>
      <Stack gap="xs">
        <Group gap="xs" wrap="nowrap">
          <TextInput
            readOnly
            value={link}
            flex={1}
            ff="monospace"
            aria-label={t("people.linkReady", { name: displayText(name) })}
            onFocus={(event) => event.currentTarget.select()}
          />
          <CopyButton text={link} label={t("action.copy")} />
        </Group>
        <Text size="xs">{t("people.linkOnce", { when: moment(expiresAt) })}</Text>
      </Stack>
    </Alert>
  );
}
