// A link that lets somebody choose a password: mailed, or shown once to be sent by hand.
"use client";
import { Alert, Group, Stack, Text, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { CopyButton } from "../ui/copy.tsx";
import { displayText } from "../ui/display-text.ts";
import { useLocale } from "../ui/use-locale.ts";

interface LinkOnceProps {
  name: string;
  sent: { link: string | null; mailedTo: string | null; mailFailed: boolean; expiresAt: string };
}

export function LinkOnce({ name, sent: { link, mailedTo, mailFailed, expiresAt } }: LinkOnceProps) {
  const { t } = useTranslation();
  const { moment } = useLocale();
  const until = <Text size="xs">{t("people.linkOnce", { when: moment(expiresAt) })}</Text>;
  if (link === null)
    return (
      <Alert color="teal" title={t("people.mailed", { email: displayText(mailedTo ?? "") })}>
        {until}
      </Alert>
    );
  const title = t("people.linkReady", { name: displayText(name) });
  return (
    <Alert color={mailFailed ? "yellow" : "teal"} title={title}>
      <Stack gap="xs">
        {mailFailed && <Text size="sm">{t("people.mailFailed")}</Text>}
        <Group gap="xs" wrap="nowrap">
          <TextInput
            readOnly
            value={link}
            flex={1}
            ff="monospace"
            aria-label={title}
            onFocus={(event) => event.currentTarget.select()}
          />
          <CopyButton text={link} label={t("action.copy")} />
        </Group>
        {until}
      </Stack>
    </Alert>
  );
}
