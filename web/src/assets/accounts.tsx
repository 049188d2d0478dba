// The accounts of an asset: which there are, adding one with its secret, taking one away. A secret is never shown here.
"use client";
import { ActionIcon, Alert, Badge, Button, Checkbox, Group, Stack, Text, TextInput } from "@mantine/core";
import { createAccount } from "@sallyport/hub/assets/input";
import { IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Account, AccountTask } from "../api/types.ts";
import { useMay } from "../frame/me.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { CopyIcon } from "../ui/copy.tsx";
import { displayText } from "../ui/display-text.ts";
import { Empty, Failed } from "../ui/page-states.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { showToast } from "../ui/toasts.tsx";
import { AccountMenu, AccountState } from "./account-work.tsx";
import { noSecret, SecretFields, secretOf } from "./secret-fields.tsx";

export function Accounts({ assetId }: { assetId: string }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const mayManage = useMay("accounts.manage");
  const [adding, setAdding] = useState(false);
  const accounts = useQuery(trpc.accounts.list.queryOptions({ assetId }));
  const tasks = useQuery(trpc.custody.tasks.queryOptions({ assetId }));
  const verify = useMutation(trpc.custody.verify.mutationOptions());
  if (accounts.isError) return <Failed error={accounts.error} onRetry={() => void accounts.refetch()} />;
  if (accounts.data === undefined) return <PanelSkeleton />;
  const add = mayManage && !adding && (
    <Button variant="light" onClick={() => setAdding(true)} style={{ alignSelf: "flex-start" }}>
      {t("accounts.add")}
    </Button>
  );
  return (
    <Stack gap="md">
      {accounts.data.items.length === 0 && !adding ? (
        <Empty title={t("accounts.empty")} text={t("accounts.emptyText")}>
          {add}
        </Empty>
      ) : (
        <Group gap="xs">
          {add}
          {mayManage && accounts.data.items.length > 1 && (
            <Button
              variant="default"
              loading={verify.isPending}
              onClick={() => verify.mutate({ ids: accounts.data.items.slice(0, 200).map(({ id }) => id) })}
            >
              {t("custody.verifyAll")}
            </Button>
          )}
        </Group>
      )}
      {adding && <AddAccount assetId={assetId} onDone={() => setAdding(false)} />}
      {accounts.data.items.map((account) => (
        <AccountLine
          key={account.id}
          account={account}
          task={tasks.data?.items.find(({ accountId }) => accountId === account.id)}
          mayManage={mayManage}
        />
      ))}
    </Stack>
  );
}

function AccountLine({
  account,
  task,
  mayManage,
}: {
  account: Account;
  /** The newest work on it. */
  task: AccountTask | undefined;
  mayManage: boolean;
}) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [asking, setAsking] = useState(false);
  const name = displayText(account.username, 60);
  const remove = useMutation(
    trpc.accounts.remove.mutationOptions({ onSuccess: () => showToast("done", t("accounts.removed", { name })) }),
  );
  return (
    <Stack gap={4}>
      <Group gap="xs" wrap="nowrap" justify="space-between">
        <Group gap="xs">
          <b className="mono">{name}</b>
          <Badge variant="light" color="gray">
            {t(account.secretKind === "password" ? "accounts.password" : "accounts.key")}
          </Badge>
          {account.privileged && <Badge variant="light">{t("accounts.privileged")}</Badge>}
        </Group>
        {mayManage && (
          <Group gap={2} wrap="nowrap">
            <AccountMenu account={account} />
            <ActionIcon
              variant="subtle"
              color="red"
              aria-label={t("accounts.removeTitle", { name })}
              onClick={() => setAsking(true)}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
        )}
      </Group>
      <AccountState account={account} task={task} />
      {account.publicKey !== null && (
        <>
          <Text size="xs" c="dimmed">
            {t("accounts.publicKeyText", { name })}
          </Text>
          <Group gap="xs" wrap="nowrap">
            <span className="mono truncate">{account.publicKey}</span>
            <CopyIcon text={account.publicKey} />
          </Group>
        </>
      )}
      <Confirm
        opened={asking}
        title={t("accounts.removeTitle", { name })}
        action={t("action.delete")}
        pending={remove.isPending}
        onConfirm={() => remove.mutate({ id: account.id })}
        onClose={() => setAsking(false)}
      >
        <Text size="sm">{t("accounts.removeText")}</Text>
      </Confirm>
    </Stack>
  );
}

function AddAccount({ assetId, onDone }: { assetId: string; onDone: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [username, setUsername] = useState("");
  const [secret, setSecret] = useState(noSecret);
  const [privileged, setPrivileged] = useState(false);
  const [tried, setTried] = useState(false);
  const create = useMutation(
    trpc.accounts.create.mutationOptions({
      meta: { showsError: true },
      onSuccess: () => {
        showToast("done", t("accounts.added", { name: displayText(username, 60) }));
        onDone();
      },
    }),
  );
  const parsed = createAccount.safeParse({ assetId, username, privileged, secret: secretOf(secret) });
  const wrong = (field: string) => tried && !parsed.success && parsed.error.issues.some(({ path }) => path[0] === field);
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (parsed.success) create.mutate(parsed.data);
      }}
    >
      <Stack gap="sm">
        {create.isError && <Alert color="red">{errorSentence(create.error)}</Alert>}
        <TextInput
          label={t("accounts.username")}
          value={username}
          error={wrong("username") ? t("accounts.usernameWrong") : undefined}
          autoComplete="off"
          onChange={(event) => setUsername(event.currentTarget.value)}
          data-autofocus
        />
        <SecretFields value={secret} onChange={setSecret} wrong={wrong("secret")} />
        <Checkbox
          label={t("accounts.privileged")}
          description={t("accounts.privilegedHint")}
          checked={privileged}
          onChange={(event) => setPrivileged(event.currentTarget.checked)}
        />
        <Group gap="xs">
          <Button variant="default" onClick={onDone}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" loading={create.isPending}>
            {t("accounts.add")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
