// One's own passkeys: make, rename, remove.
"use client";
import { ActionIcon, Alert, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { renamePasskey } from "@sallyport/hub/identity/input";
import { startRegistration } from "@simplewebauthn/browser";
import { IconFingerprint, IconPencil, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { Outputs } from "../api/types.ts";
import { useMe } from "../frame/me.tsx";
import { useForm } from "../state/use-form.ts";
import { Confirm } from "../ui/confirm.tsx";
import { CopyButton } from "../ui/copy.tsx";
import { displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { Failed } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { showToast } from "../ui/toasts.tsx";
import classes from "./settings.module.css";

type Passkey = Outputs["passkeys"]["list"]["items"][number];

function useRefresh() {
  const trpc = useTRPC();
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: trpc.passkeys.list.queryKey() });
}

export function Passkeys() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const passkeys = useQuery(trpc.passkeys.list.queryOptions());
  return (
    <Panel title={t("passkeys.title")}>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {t("passkeys.text")}
        </Text>
        {passkeys.data !== undefined ? (
          <div>
            {passkeys.data.items.map((passkey) => (
              <PasskeyLine key={passkey.id} passkey={passkey} />
            ))}
          </div>
        ) : passkeys.isError ? (
          <Failed error={passkeys.error} onRetry={() => void passkeys.refetch()} />
        ) : (
          <PanelSkeleton />
        )}
        <NewPasskey />
      </Stack>
    </Panel>
  );
}

function NewPasskey() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const refresh = useRefresh();
  const [name, setName] = useState("");
  const [refused, setRefused] = useState(false);
  const finish = useMutation(
    trpc.passkeys.finish.mutationOptions({
      onSuccess: () => {
        setName("");
        showToast("done", t("passkeys.made"));
        return refresh();
      },
    }),
  );
  const begin = useMutation(
    trpc.passkeys.begin.mutationOptions({
      onSuccess: async (options) => {
        setRefused(false);
        try {
          const response = await startRegistration({ optionsJSON: options });
          finish.mutate({ name: name.trim() || t("passkeys.unnamed"), response: { ...response, clientExtensionResults: {} } });
        } catch {
          setRefused(true); // the person or the device said no; the browser has shown why
        }
      },
    }),
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        begin.mutate();
      }}
    >
      {refused && (
        <Alert color="yellow" mb="sm">
          {t("passkeys.notMade")}
        </Alert>
      )}
      <Group gap="xs" align="flex-end">
        <TextInput
          flex={1}
          label={t("passkeys.name")}
          placeholder={t("passkeys.unnamed")}
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button
          type="submit"
          variant="default"
          leftSection={<IconFingerprint size={16} />}
          loading={begin.isPending || finish.isPending}
        >
          {t("passkeys.make")}
        </Button>
      </Group>
    </form>
  );
}

function PasskeyLine({ passkey }: { passkey: Passkey }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const refresh = useRefresh();
  const [open, setOpen] = useState<"rename" | "remove" | null>(null);
  const me = useMe();
  const name = displayText(passkey.name);
  const remove = useMutation(
    trpc.passkeys.remove.mutationOptions({
      onSuccess: () => {
        showToast("done", t("passkeys.removed"));
        return refresh();
      },
      onSettled: () => setOpen(null),
    }),
  );
  if (open === "rename") return <RenamePasskey passkey={passkey} onDone={() => setOpen(null)} />;
  return (
    <div className={classes.line}>
      <div className={classes.words}>
        <Text size="sm" truncate>
          {name}
        </Text>
        <Text size="xs" c="dimmed">
          {t("settings.lastUsed")} <Moment at={passkey.lastUsedAt} />
        </Text>
      </div>
      {passkey.publicKey !== null && (
        <CopyButton
          size="compact-xs"
          variant="subtle"
          color="gray"
          label={t("passkeys.copyKey")}
          text={policyLines({ name: me.name, site: location.hostname, key: passkey.publicKey })}
        />
      )}
      <ActionIcon variant="subtle" color="gray" aria-label={t("passkeys.rename", { name })} onClick={() => setOpen("rename")}>
        <IconPencil size={16} />
      </ActionIcon>
      <ActionIcon variant="subtle" color="red" aria-label={t("passkeys.remove", { name })} onClick={() => setOpen("remove")}>
        <IconTrash size={16} />
      </ActionIcon>
      <Confirm
        opened={open === "remove"}
        title={t("passkeys.removeTitle", { name })}
        action={t("secondFactor.remove")}
        pending={remove.isPending}
        onConfirm={() => remove.mutate({ id: passkey.id })}
        onClose={() => setOpen(null)}
      >
        <Text size="sm">{t("passkeys.removeText")}</Text>
      </Confirm>
    </div>
  );
}

/** For the policy file of a host whose owner names whose approvals count. JSON's texts are YAML's, too. */
const policyLines = ({ name, site, key }: { name: string; site: string; key: string }): string =>
  `approvers:\n  - name: ${JSON.stringify(name)}\n    site: ${site}\n    key: ${key}\n`;

function RenamePasskey({ passkey, onDone }: { passkey: Passkey; onDone: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const refresh = useRefresh();
  const rename = useMutation(
    trpc.passkeys.rename.mutationOptions({
      onSuccess: () => {
        onDone();
        return refresh();
      },
    }),
  );
  const form = useForm(renamePasskey, { id: passkey.id, name: passkey.name }, (parsed) => rename.mutate(parsed));
  return (
    <form onSubmit={form.submit} noValidate>
      <Group gap="xs" py="xs" wrap="nowrap">
        <TextInput
          flex={1}
          aria-label={t("passkeys.name")}
          value={form.values.name}
          error={form.error("name")}
          onChange={(event) => form.set("name", event.currentTarget.value)}
        />
        <Button variant="default" onClick={onDone}>
          {t("action.cancel")}
        </Button>
        <Button type="submit" loading={rename.isPending}>
          {t("action.save")}
        </Button>
      </Group>
    </form>
  );
}
