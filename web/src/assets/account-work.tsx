// What is known of an account's secret and what can be done about it on the asset: try it, put it there, change it, change it regularly.
"use client";
import { ActionIcon, Alert, Button, Group, Menu, Modal, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { pushAccount } from "@sallyport/hub/custody/input";
import { IconAlertTriangle, IconCircleCheck, IconCircleDashed, IconDots, IconLoader2 } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Account, AccountTask } from "../api/types.ts";
import { Confirm } from "../ui/confirm.tsx";
import { displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { StateMark } from "../ui/state-mark.tsx";
import { showToast } from "../ui/toasts.tsx";
import { outcomeNext, outcomeText } from "./outcome-text.ts";

/** Whether the secret works as far as anybody knows, and how the newest work on it stands. */
export function AccountState({ account, task }: { account: Account; task: AccountTask | undefined }) {
  const { t } = useTranslation();
  const next = task?.code === null || task?.code === undefined || task.state === "done" ? null : outcomeNext(task.code);
  return (
    <Stack gap={2}>
      <Group gap="xs">
        {account.checkedAt === null ? (
          <StateMark tone="grey" icon={IconCircleDashed}>
            {t("custody.unchecked")}
          </StateMark>
        ) : account.checkFailure === null ? (
          <StateMark tone="green" icon={IconCircleCheck}>
            {t("custody.checked")}
          </StateMark>
        ) : (
          <StateMark tone="red" icon={IconAlertTriangle}>
            {outcomeText(account.checkFailure)}
          </StateMark>
        )}
        {account.checkedAt !== null && (
          <Text size="xs" c="dimmed">
            <Moment at={account.checkedAt} />
          </Text>
        )}
        {account.rotateEveryDays !== null && (
          <Text size="xs" c="dimmed">
            {t("custody.every", { count: account.rotateEveryDays })}
          </Text>
        )}
      </Group>
      {task !== undefined && task.state !== "done" && (
        <Group gap="xs" role="status">
          {task.state === "failed" ? (
            <StateMark tone="red" icon={IconAlertTriangle}>
              {t(`workFailed.${task.kind}`)}
            </StateMark>
          ) : (
            <StateMark tone={task.code === null ? "blue" : "amber"} icon={IconLoader2} pulse>
              {t(`workRunning.${task.kind}`)}
            </StateMark>
          )}
          {task.code !== null && <Text size="xs">{outcomeText(task.code)}</Text>}
          {task.state === "waiting" && task.code !== null && (
            <Text size="xs" c="dimmed">
              {t("custody.again")} <Moment at={task.dueAt} />
            </Text>
          )}
        </Group>
      )}
      {next !== null && <Text size="xs">{next}</Text>}
      {account.pending && task?.kind === "rotate" && task.state !== "running" && <Text size="xs">{t("custody.pending")}</Text>}
    </Stack>
  );
}

type Asking = "rotate" | "login" | null;

export function AccountMenu({ account }: { account: Account }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [asking, setAsking] = useState<Asking>(null);
  const name = displayText(account.username, 60);
  const ids = [account.id];
  const verify = useMutation(trpc.custody.verify.mutationOptions());
  const push = useMutation(trpc.custody.push.mutationOptions());
  const rotate = useMutation(trpc.custody.rotate.mutationOptions({ onSettled: () => setAsking(null) }));
  const change = useMutation(
    trpc.accounts.change.mutationOptions({ onSuccess: () => showToast("done", t("custody.ruleSaved", { name })) }),
  );
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={t("custody.actions", { name })}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => verify.mutate({ ids })}>{t("custody.verify")}</Menu.Item>
          <Menu.Item onClick={() => push.mutate({ ids })}>{t("custody.push")}</Menu.Item>
          <Menu.Item onClick={() => setAsking("login")}>{t("custody.pushByLogin")}</Menu.Item>
          <Menu.Item onClick={() => setAsking("rotate")}>{t("custody.rotate")}</Menu.Item>
          <Menu.Divider />
          <Menu.Label>{t("custody.schedule")}</Menu.Label>
          {rules.map((days) => (
            <Menu.Item
              key={days ?? 0}
              disabled={days === account.rotateEveryDays}
              onClick={() => change.mutate({ id: account.id, rotateEveryDays: days })}
            >
              {days === null ? t("custody.never") : t("custody.every", { count: days })}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Confirm
        opened={asking === "rotate"}
        title={t("custody.rotateTitle", { name })}
        action={t("custody.rotate")}
        pending={rotate.isPending}
        onConfirm={() => rotate.mutate({ ids })}
        onClose={() => setAsking(null)}
      >
        <Text size="sm">{t("custody.rotateText")}</Text>
      </Confirm>
      <Modal
        opened={asking === "login"}
        onClose={() => setAsking(null)}
        title={t("custody.pushTitle", { name })}
        closeButtonProps={{ "aria-label": t("action.close") }}
      >
        <PushByLogin account={account} onDone={() => setAsking(null)} />
      </Modal>
    </>
  );
}

/** Days; other rules are set over the API. */
const rules = [null, 1, 7, 30, 90] as const;

function PushByLogin({ account, onDone }: { account: Account; onDone: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [username, setUsername] = useState("root");
  const [password, setPassword] = useState("");
  const push = useMutation(
    trpc.custody.pushByLogin.mutationOptions({
      meta: { showsError: true },
      onSuccess: ({ code }) => {
        setPassword("");
        if (code !== "works") return;
        showToast("done", t("custody.pushed", { name: displayText(account.username, 60) }));
        onDone();
      },
    }),
  );
  const given = pushAccount.safeParse({ id: account.id, login: { username, password } });
  const failed = push.data !== undefined && push.data.code !== "works" && !push.isPending ? push.data.code : null;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (given.success) push.mutate(given.data);
      }}
    >
      <Stack gap="sm">
        <Text size="sm">{t("custody.pushText")}</Text>
        {push.isError && <Alert color="red">{errorSentence(push.error)}</Alert>}
        {failed !== null && (
          <Alert color="red" title={outcomeText(failed)}>
            {outcomeNext(failed)}
          </Alert>
        )}
        <TextInput
          label={t("accounts.username")}
          value={username}
          autoComplete="off"
          onChange={(event) => setUsername(event.currentTarget.value)}
        />
        <PasswordInput
          label={t("accounts.password")}
          value={password}
          autoComplete="off"
          onChange={(event) => setPassword(event.currentTarget.value)}
          data-autofocus
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onDone}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" loading={push.isPending} disabled={!given.success}>
            {t("custody.push")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
