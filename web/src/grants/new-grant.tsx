// A new grant, written as its sentence: who, may do what, on what, as whom, until when. Says beforehand who gains what.
"use client";
import { Alert, Button, Checkbox, Drawer, Group, Stack, TagsInput, Text, TextInput } from "@mantine/core";
import { actions, grant as grantInput } from "@sallyport/hub/access/input";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { GrantAction } from "../api/types.ts";
import { AssetPicker } from "../assets/asset-picker.tsx";
import { PeoplePicker } from "../people/people-picker.tsx";
import { displayText } from "../ui/display-text.ts";
import { showToast } from "../ui/toasts.tsx";

export function NewGrant({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Drawer opened={opened} onClose={onClose} title={t("grants.new")} closeButtonProps={{ "aria-label": t("action.close") }}>
      <NewGrantForm onDone={onClose} />
    </Drawer>
  );
}

function NewGrantForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [name, setName] = useState("");
  const [people, setPeople] = useState<readonly string[]>([]);
  const [assets, setAssets] = useState<readonly string[]>([]);
  const [accounts, setAccounts] = useState<string[]>(["@all"]);
  const [chosen, setChosen] = useState<readonly GrantAction[]>(["connect"]);
  const [until, setUntil] = useState("");
  const [tried, setTried] = useState(false);
  const parsed = grantInput.safeParse({
    name,
    subjects: people.map((id) => ({ kind: "user", id })),
    targets: assets.map((id) => ({ kind: "asset", id })),
    accounts,
    actions: chosen,
    expiresAt: until === "" ? null : new Date(until).toISOString(),
  });
  const wrong = (field: string) =>
    tried && !parsed.success && parsed.error.issues.some(({ path }) => path[0] === field) ? t("field.required") : undefined;
  const preview = useQuery(
    trpc.access.preview.queryOptions(
      { id: null, grant: parsed.success ? parsed.data : null },
      { enabled: parsed.success, staleTime: 0 },
    ),
  );
  const give = useMutation(
    trpc.access.grant.mutationOptions({
      meta: { showsError: true },
      onSuccess: () => {
        showToast("done", t("grants.given"));
        onDone();
      },
    }),
  );
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (parsed.success) give.mutate(parsed.data);
      }}
    >
      <Stack gap="md">
        {give.isError && <Alert color="red">{errorSentence(give.error)}</Alert>}
        <TextInput
          label={t("grants.name")}
          value={name}
          error={wrong("name")}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
        />
        <div>
          <Text size="sm" fw={500}>
            {t("grants.who")}
          </Text>
          <PeoplePicker chosen={people} onChange={setPeople} label={t("grants.who")} hint={t("grants.whoHint")} />
          {wrong("subjects") !== undefined && (
            <Text size="xs" c="red">
              {wrong("subjects")}
            </Text>
          )}
        </div>
        <Checkbox.Group
          label={t("grants.actions")}
          value={[...chosen]}
          error={wrong("actions")}
          onChange={(values) => setChosen(actions.filter((action) => values.includes(action)))}
        >
          <Group mt={6} gap="sm">
            {actions.map((action) => (
              <Checkbox key={action} value={action} label={t(`grants.${action}`)} />
            ))}
          </Group>
        </Checkbox.Group>
        <Text size="sm" fw={500} mb={-12}>
          {t("grants.what")}
        </Text>
        <AssetPicker
          chosen={assets}
          onChange={setAssets}
          action={null}
          everything
          label={t("grants.assets")}
          hint={t("grants.assetsHint")}
          error={wrong("targets")}
        />
        <TagsInput
          label={t("grants.asWhom")}
          description={t("grants.accountsHint")}
          value={accounts}
          error={wrong("accounts")}
          data={["@all", "@same-name", "@ask", "@agent"]}
          onChange={setAccounts}
        />
        <TextInput
          type="datetime-local"
          label={t("grants.until")}
          value={until}
          onChange={(event) => setUntil(event.currentTarget.value)}
        />
        {preview.data !== undefined && parsed.success && (
          <Alert color="gray" title={t("grants.previewTitle", { count: preview.data.gained })}>
            {preview.data.gains
              .slice(0, 5)
              .map(({ person, asset }) => `${displayText(person)} → ${displayText(asset)}`)
              .join(" · ")}
          </Alert>
        )}
        <Group gap="xs">
          <Button variant="default" onClick={onDone}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" loading={give.isPending}>
            {t("grants.give")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
