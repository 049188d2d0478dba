// First run: make the administrator, see this machine's agent, open its terminal. One page, under a minute.
"use client";
import { Alert, Button, Group, Loader, Stack, Text, TextInput } from "@mantine/core";
import { setup } from "@sallyport/hub/identity/input";
import { IconCheck, IconTerminal2 } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import { OnlineMark } from "../fleet/online-mark.tsx";
import { useUrlState } from "../state/url-state.ts";
import { useForm } from "../state/use-form.ts";
import { dock } from "../terminal/dock-store.ts";
import { displayText } from "../ui/display-text.ts";
import { Card } from "./card.tsx";
import { NewPassword } from "./new-password.tsx";
import classes from "./sign-in.module.css";

export function SetupPage() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [url] = useUrlState();
  const token = url.get("token");
  const { data: state } = useQuery(trpc.auth.state.queryOptions());
  const signedIn = state?.signedIn === true;
  if (!signedIn && state?.needsSetup === false) return <Notice title={t("setup.title")} text={t("errors.setup-done")} />;
  if (!signedIn && token === null) return <Notice title={t("setup.badToken")} text={t("setup.badTokenText")} />;
  return (
    <Card title={t("setup.title")} wide>
      <Text size="sm" c="dimmed" mb="lg">
        {t("setup.purpose")}
      </Text>
      <ol className={classes.steps}>
        <Step number={1} state={signedIn ? "done" : "now"} title={t("setup.stepAdmin")}>
          {!signedIn && <AdminForm token={token ?? ""} />}
        </Step>
        <LocalAgent signedIn={signedIn} />
      </ol>
    </Card>
  );
}

function Notice({ title, text }: { title: string; text: string }) {
  const { t } = useTranslation();
  const router = useRouter();
  return (
    <Card title={title}>
      <Stack gap="md">
        <Text size="sm">{text}</Text>
        <Button variant="default" onClick={() => router.replace("/sign-in")}>
          {t("signIn.title")}
        </Button>
      </Stack>
    </Card>
  );
}

function Step({
  number,
  state,
  title,
  children,
}: {
  number: number;
  state: "done" | "now" | "later";
  title: string;
  children?: ReactNode;
}) {
  const { t } = useTranslation();
  return (
    <li className={classes.step} data-state={state} aria-current={state === "now" ? "step" : undefined}>
      <span className={classes.number}>{state === "done" ? <IconCheck size={16} aria-label={t("setup.done")} /> : number}</span>
      <h2>{title}</h2>
      {children}
    </li>
  );
}

function AdminForm({ token }: { token: string }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const create = useMutation(
    trpc.auth.setup.mutationOptions({
      meta: { showsError: true },
      onSuccess: () => queries.invalidateQueries({ queryKey: trpc.auth.state.queryKey() }),
    }),
  );
  const form = useForm(setup, { token, name: "", email: "", password: "" }, (parsed) => create.mutate(parsed));
  return (
    <form onSubmit={form.submit} noValidate>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {t("setup.adminText")}
        </Text>
        {create.isError && <Alert color="red">{errorSentence(create.error)}</Alert>}
        <TextInput
          label={t("field.name")}
          autoComplete="name"
          value={form.values.name}
          error={form.error("name")}
          onChange={(event) => form.set("name", event.currentTarget.value)}
          autoFocus
        />
        <TextInput
          label={t("field.email")}
          type="email"
          autoComplete="username"
          value={form.values.email}
          error={form.error("email")}
          onChange={(event) => form.set("email", event.currentTarget.value)}
        />
        <NewPassword
          value={form.values.password}
          error={form.error("password")}
          onChange={(value) => form.set("password", value)}
        />
        <Button type="submit" loading={create.isPending} style={{ alignSelf: "flex-start" }}>
          {t("setup.create")}
        </Button>
      </Stack>
    </form>
  );
}

/** The agent on the hub's own machine usually dials in before the form is filled; otherwise we look this often. */
const lookEveryMs = 1_000;

function LocalAgent({ signedIn }: { signedIn: boolean }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const router = useRouter();
  const { data } = useQuery(
    trpc.assets.list.queryOptions(
      { limit: 1, state: "online" },
      { enabled: signedIn, refetchInterval: (query) => (query.state.data?.items.length ? false : lookEveryMs) },
    ),
  );
  const asset = data?.items[0];
  const online = asset !== undefined;
  const open = () => {
    if (asset !== undefined) dock.open(asset.id, asset.name);
    router.replace("/");
  };
  return (
    <>
      <Step number={2} state={online ? "done" : signedIn ? "now" : "later"} title={t("setup.stepAgent")}>
        {online ? (
          <Group gap="xs" fz={13}>
            <span>{displayText(asset.name)}</span>
            <OnlineMark state="online" />
          </Group>
        ) : (
          signedIn && (
            <Group gap="xs">
              <Loader size={16} />
              <Text size="sm">{t("setup.agentWaiting")}</Text>
            </Group>
          )
        )}
      </Step>
      <Step number={3} state={online ? "now" : "later"} title={t("setup.stepTerminal")}>
        {signedIn && (
          <Stack gap="sm">
            <Text size="sm" c="dimmed">
              {t("setup.terminalText")}
            </Text>
            <Group gap="xs">
              <Button leftSection={<IconTerminal2 size={16} />} disabled={!online} onClick={open}>
                {t("setup.openTerminal")}
              </Button>
              <Button variant="subtle" color="gray" onClick={() => router.replace("/")}>
                {t("setup.skip")}
              </Button>
            </Group>
          </Stack>
        )}
      </Step>
    </>
  );
}
