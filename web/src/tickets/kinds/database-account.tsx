// How the account that a request gives stands, and, to whom it is for, how to sign in as it.
"use client";
import { Alert, Button, Code, Group, List, Stack, Text } from "@mantine/core";
import { sqlProtocols } from "@sallyport/hub/assets/input";
import { IconTerminal2 } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../../api/trpc.ts";
import type { Outputs, TicketDetail } from "../../api/types.ts";
import { useMe } from "../../frame/me.tsx";
import { oneOf } from "../../state/url-state.ts";
import { dock } from "../../terminal/dock-store.ts";
import { CopyIcon } from "../../ui/copy.tsx";
import { displayText } from "../../ui/display-text.ts";
import { Facts } from "../../ui/facts.tsx";
import { Moment } from "../../ui/moment.tsx";
import { Failed } from "../../ui/page-states.tsx";
import { Panel } from "../../ui/panel.tsx";

/** Those with a sentence of their own; of the others the audit log knows. */
const failures = [
  "agent-offline",
  "agent-refused",
  "not-reached",
  "certificate-refused",
  "sign-in-failed",
  "no-privileged-account",
  "no-protocol",
  "name-taken",
  "database-read-only",
  "database-not-permitted",
  "database-failed",
  "database-protocol",
  "too-large",
] as const;

type Account = NonNullable<Outputs["databases"]["ofTicket"]["account"]>;

export function DatabaseAccount({ ticket }: { ticket: TicketDetail }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const { data, error, refetch } = useQuery(
    // While it is being made it is ready in seconds.
    trpc.databases.ofTicket.queryOptions(
      { id: ticket.id },
      { refetchInterval: (query) => (query.state.data?.account?.state === "making" ? 2_000 : false) },
    ),
  );
  const own = useMe().id === ticket.requester.id;
  if (error !== null) return <Failed error={error} onRetry={() => void refetch()} />;
  if (data === undefined || data.account === null) return null;
  const { account } = data;
  return (
    <Panel title={t("databases.account")}>
      <Stack gap="md">
        <Facts
          items={[
            [t("databases.username"), <Copyable key="name" text={account.username} />],
            [t("databases.standing"), t(`databaseStanding.${account.state}`)],
            [t("certificates.title"), t(account.checksCertificate ? "certificates.checked" : "certificates.unchecked")],
            ...(account.lookedAt === null
              ? []
              : [[t("databases.lookedAt"), <Moment key="looked" at={account.lookedAt} />] as const]),
          ]}
        />
        {account.failure !== null && account.state !== "ended" && (
          <Alert color="yellow" role="status">
            {t(`databaseFailure.${oneOf(account.failure, failures) ?? "failed"}`)}
          </Alert>
        )}
        {account.missing.length > 0 && account.state !== "ended" && (
          <Alert color="yellow" role="status" title={t("databases.missing")}>
            <List size="sm">
              {account.missing.map(({ database, schema, table }) => (
                <List.Item key={JSON.stringify([database, schema, table])}>
                  {[database, schema, table].flatMap((name) => (name === null ? [] : [displayText(name)])).join(" · ")}
                </List.Item>
              ))}
            </List>
          </Alert>
        )}
        {own && account.state === "ready" && <HowToConnect ticket={ticket} account={account} />}
      </Stack>
    </Panel>
  );
}

function HowToConnect({ ticket, account }: { ticket: TicketDetail; account: Account }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const password = useMutation(trpc.databases.password.mutationOptions({ gcTime: 0 }));
  const asset = ticket.assets[0]?.name ?? "";
  const given = ticket.narrowed ?? ticket.asked;
  const database = given.kind === "database" ? (given.places[0]?.database ?? "") : "";
  const isPostgresql = account.protocol === "postgresql";
  const lines = [
    `npx sallyport forward ${quoted(asset)} ${account.port} --hub ${location.origin} --listen ${account.port}`,
    isPostgresql
      ? `psql -h 127.0.0.1 -p ${account.port} -U ${account.username} ${quoted(database)}`
      : `mysql -h 127.0.0.1 -P ${account.port} -u ${account.username} -p ${quoted(database)}`,
  ];
  const [target] = ticket.assets;
  return (
    <Stack gap="xs">
      {target !== undefined && (
        <Group>
          <Button
            leftSection={<IconTerminal2 size={15} aria-hidden />}
            onClick={() => dock.open(target.id, target.name, account.accountId, oneOf(account.protocol, sqlProtocols))}
          >
            {t("databases.openTerminal")}
          </Button>
        </Group>
      )}
      <Text size="sm">{t("databases.connectHint")}</Text>
      {lines.map((line) => (
        <Copyable key={line} text={line} />
      ))}
      {password.data === undefined ? (
        <Group>
          <Button variant="default" loading={password.isPending} onClick={() => password.mutate({ id: ticket.id })}>
            {t("databases.showPassword")}
          </Button>
        </Group>
      ) : (
        <Facts items={[[t("databases.password"), <Copyable key="password" text={password.data.password} />]]} />
      )}
    </Stack>
  );
}

/** For a shell of the reader's own: names of assets and databases are anybody's. */
const quoted = (text: string): string => (/^[\w.-]+$/.test(text) ? text : `'${displayText(text).replaceAll("'", "'\\''")}'`);

function Copyable({ text }: { text: string }) {
  return (
    <Group gap="xs" wrap="nowrap">
      <Code style={{ overflowWrap: "anywhere" }}>{text}</Code>
      <CopyIcon text={text} />
    </Group>
  );
}
