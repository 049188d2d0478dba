// Adding an agent: one line to run on the machine, and what becomes of it, live.
"use client";
import { Button, Drawer, Group, Loader, NativeSelect, SegmentedControl, Stack, Text } from "@mantine/core";
import { IconCircle, IconCircleCheckFilled, IconRefresh, IconTerminal2 } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { EnrolmentProgress, EnrolmentToken } from "../api/types.ts";
import { dock } from "../terminal/dock-store.ts";
import { CopyButton } from "../ui/copy.tsx";
import { displayText } from "../ui/display-text.ts";
import { Failed } from "../ui/page-states.tsx";
import { useLocale } from "../ui/use-locale.ts";
import { useNow } from "../ui/use-now.ts";
import classes from "./fleet.module.css";

interface AddAgentProps {
  opened: boolean;
  onClose: () => void;
  onShowAgent: (id: string) => void;
}

export function AddAgent({ opened, onClose, onShowAgent }: AddAgentProps) {
  const { t } = useTranslation();
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      title={t("enrol.title")}
      size="min(640px, 100vw)"
      closeButtonProps={{ "aria-label": t("action.close") }}
    >
      <Enrolment onClose={onClose} onShowAgent={onShowAgent} />
    </Drawer>
  );
}

function Enrolment({ onClose, onShowAgent }: Omit<AddAgentProps, "opened">) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const zones = useQuery(trpc.fleet.zones.queryOptions());
  const [zoneId, setZoneId] = useState<string>();
  const [hubUrl, setHubUrl] = useState<string>();
  const create = useMutation(trpc.fleet.createEnrolmentToken.mutationOptions({ meta: { showsError: true } }));
  const { mutate } = create;
  useEffect(() => mutate({ zoneId, hubUrl }), [mutate, zoneId, hubUrl]);

  return (
    <Stack gap="md">
      <Group grow align="flex-start">
        {(zones.data?.items.length ?? 0) > 1 && (
          <NativeSelect
            label={t("enrol.zone")}
            value={zoneId ?? ""}
            data={(zones.data?.items ?? []).map(({ id, name }) => ({ value: id, label: displayText(name) }))}
            onChange={(event) => setZoneId(event.currentTarget.value)}
          />
        )}
        {(create.data?.hubUrls.length ?? 0) > 1 && (
          <NativeSelect
            label={t("enrol.hubAddress")}
            value={create.data?.hubUrl ?? ""}
            data={create.data?.hubUrls ?? []}
            onChange={(event) => setHubUrl(event.currentTarget.value)}
          />
        )}
      </Group>
      {create.data !== undefined ? (
        <TokenView
          key={create.data.id}
          token={create.data}
          onAgain={() => mutate({ zoneId, hubUrl })}
          onClose={onClose}
          onShowAgent={onShowAgent}
        />
      ) : create.isError ? (
        <Failed error={create.error} onRetry={() => mutate({ zoneId, hubUrl })} />
      ) : (
        <Group gap="xs">
          <Loader size="xs" />
          <Text size="sm">{t("enrol.preparing")}</Text>
        </Group>
      )}
    </Stack>
  );
}

interface TokenViewProps {
  token: EnrolmentToken;
  onAgain: () => void;
  onClose: () => void;
  onShowAgent: (id: string) => void;
}

/** Hints bring changes at once; this is for a hint that was lost. */
const progressEveryMs = 2_000;

function TokenView({ token, onAgain, onClose, onShowAgent }: TokenViewProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [as, setAs] = useState("root");
  const progress = useQuery(
    trpc.fleet.enrolmentToken.queryOptions(
      { id: token.id },
      {
        refetchInterval: ({ state }) =>
          state.data?.state === "online" || state.data?.state === "expired" ? false : progressEveryMs,
      },
    ),
  );
  const command = as === "root" ? token.command : token.unprivilegedCommand;
  const state = progress.data?.state ?? "waiting";
  return (
    <>
      <SegmentedControl
        value={as}
        onChange={setAs}
        data={[
          { value: "root", label: t("enrol.asRoot") },
          { value: "user", label: t("enrol.unprivileged") },
        ]}
        style={{ alignSelf: "flex-start" }}
      />
      <Text size="sm">{as === "root" ? t("enrol.text") : t("enrol.unprivilegedText")}</Text>
      <pre className={classes.command}>{command}</pre>
      <Group gap="xs">
        <CopyButton text={command} label={t("enrol.copyLine")} />
        {state === "waiting" && <Expiry at={token.expiresAt} />}
        {state === "expired" && (
          <Button variant="default" leftSection={<IconRefresh size={16} />} onClick={onAgain}>
            {t("enrol.another")}
          </Button>
        )}
      </Group>
      {progress.data !== undefined && <Progress progress={progress.data} />}
      {progress.data?.state === "online" && progress.data.agentId !== null && (
        <Reached agentId={progress.data.agentId} onClose={onClose} onShowAgent={onShowAgent} />
      )}
    </>
  );
}

function Expiry({ at }: { at: string }) {
  const { t } = useTranslation();
  const { duration } = useLocale();
  const left = Math.max(0, Date.parse(at) - useNow(1000));
  return (
    <Text size="sm" c="dimmed" className="tabular">
      {t("enrol.expiresIn", { time: duration(Math.ceil(left / 1000) * 1000) })}
    </Text>
  );
}

const stages = ["waiting", "installing", "enrolled", "online"] as const;

function Progress({ progress }: { progress: EnrolmentProgress }) {
  const { t } = useTranslation();
  const { duration } = useLocale();
  if (progress.state === "expired") return <Text c="red">{t("enrol.expired")}</Text>;
  const reached = stages.indexOf(progress.state);
  const label = (stage: (typeof stages)[number]) =>
    stage === "online" ? t("enrol.online", { time: duration(progress.onlineAfterMs ?? 0) }) : t(`enrol.${stage}`);
  const shown = progress.state === "online" ? stages : stages.slice(0, 3);
  return (
    <ol className={classes.steps} aria-live="polite" aria-label={t("enrol.progress")}>
      {shown.map((stage, index) => {
        const done = index < reached || progress.state === "online";
        const now = index === reached && !done;
        return (
          <li key={stage} className={classes.step} data-state={done ? "done" : now ? "now" : "later"}>
            {done ? (
              <IconCircleCheckFilled size={18} aria-hidden />
            ) : now ? (
              <Loader size={16} />
            ) : (
              <IconCircle size={18} aria-hidden />
            )}
            {label(stage)}
          </li>
        );
      })}
    </ol>
  );
}

function Reached({ agentId, onClose, onShowAgent }: { agentId: string; onClose: () => void; onShowAgent: (id: string) => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const agent = useQuery(trpc.fleet.agent.queryOptions({ id: agentId }));
  if (agent.data === undefined) return null;
  const { assetId, name } = agent.data;
  return (
    <Group gap="xs">
      <Button
        leftSection={<IconTerminal2 size={16} />}
        onClick={() => {
          dock.open(assetId, name);
          onClose();
        }}
      >
        {t("enrol.openTerminal")}
      </Button>
      <Button variant="default" onClick={() => onShowAgent(agentId)}>
        {t("enrol.showAgent")}
      </Button>
    </Group>
  );
}
