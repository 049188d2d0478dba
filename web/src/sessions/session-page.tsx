// One session: its recording with the timeline, and beside it what happened and what proves it.
"use client";
import { Button, Group, Skeleton, Tabs, Text } from "@mantine/core";
import { IconDownload, IconPlayerStop, IconTerminal2 } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { SessionDetail } from "../api/types.ts";
import { EventLines } from "../audit/event-lines.tsx";
import { useMay, useMe } from "../frame/me.tsx";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { dock } from "../terminal/dock-store.ts";
import { Confirm } from "../ui/confirm.tsx";
import { displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { Page } from "../ui/page.tsx";
import { Failed, Missing } from "../ui/page-states.tsx";
import { showToast } from "../ui/toasts.tsx";
import classes from "./session.module.css";
import { SessionAccount } from "./session-account.tsx";
import { SessionEvidence } from "./session-evidence.tsx";
import { SessionMarks } from "./session-mark.tsx";
import { SessionOverview } from "./session-overview.tsx";

const PlayerView = dynamic(() => import("../replay/player-view.tsx").then(({ PlayerView }) => PlayerView), {
  ssr: false,
  loading: () => <Skeleton height="100%" />,
});

export function SessionPage() {
  const trpc = useTRPC();
  const [url] = useUrlState();
  const id = url.get("id");
  const session = useQuery(trpc.sessions.get.queryOptions({ id: id ?? "" }, { enabled: id !== null }));
  if (id === null) return <Missing />;
  if (session.data !== undefined) return <Session key={id} session={session.data} />;
  if (session.isError) return <Failed error={session.error} onRetry={() => void session.refetch()} />;
  return (
    <div className={classes.skeleton} aria-busy="true">
      <Skeleton height={28} width={260} />
      <Skeleton height="60vh" />
    </div>
  );
}

const tabs = ["overview", "events", "evidence"] as const;

function Session({ session }: { session: SessionDetail }) {
  const { t } = useTranslation();
  const [url, changeUrl] = useUrlState();
  const tab = oneOf(url.get("tab"), tabs) ?? "overview";
  return (
    <Page
      fill
      title={displayText(session.asset.name)}
      purpose={
        <Group gap="xs">
          <SessionMarks session={session} />
          <span>
            {displayText(session.user.name)} · <SessionAccount session={session} /> · <Moment at={session.startedAt} />
          </span>
        </Group>
      }
      action={<SessionActions session={session} />}
    >
      <div className={classes.columns}>
        <div className={classes.player}>
          {session.kind === "dial" || (session.recording.bytes === 0 && session.state === "ended") ? (
            <Text c="dimmed" p="lg">
              {t(session.kind === "dial" ? "session.notRecorded" : "session.noRecording")}
            </Text>
          ) : (
            <PlayerView sessionId={session.id} />
          )}
        </div>
        <aside className={classes.side}>
          <Tabs value={tab} onChange={(value) => changeUrl({ tab: value === "overview" ? null : value })} keepMounted={false}>
            <Tabs.List mb="sm">
              <Tabs.Tab value="overview">{t("session.overview")}</Tabs.Tab>
              <Tabs.Tab value="events">{t("session.events")}</Tabs.Tab>
              {session.kind !== "dial" && <Tabs.Tab value="evidence">{t("session.evidence")}</Tabs.Tab>}
            </Tabs.List>
            <Tabs.Panel value="overview">
              <SessionOverview session={session} />
            </Tabs.Panel>
            <Tabs.Panel value="events">
              {session.events.length === 0 ? (
                <Text c="dimmed">{t("session.noEvents")}</Text>
              ) : (
                <EventLines events={session.events} />
              )}
            </Tabs.Panel>
            <Tabs.Panel value="evidence">
              <SessionEvidence session={session} />
            </Tabs.Panel>
          </Tabs>
        </aside>
      </div>
    </Page>
  );
}

function SessionActions({ session }: { session: SessionDetail }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const me = useMe();
  const [asking, setAsking] = useState(false);
  const own = session.user.id === me.id;
  const mayEnd = useMay("sessions.end") || own;
  const end = useMutation(
    trpc.sessions.end.mutationOptions({
      onSuccess: () => {
        showToast("done", t("sessions.ended"));
        setAsking(false);
      },
    }),
  );
  const live = session.state !== "ended";
  const names = { user: displayText(session.user.name), asset: displayText(session.asset.name) };
  return (
    <>
      {live && own && session.kind !== "dial" && (
        <Button leftSection={<IconTerminal2 size={16} />} onClick={() => dock.rejoin(session.id, session.asset.name)}>
          {t("session.rejoin")}
        </Button>
      )}
      {session.kind !== "dial" && (
        <Button
          variant="default"
          component="a"
          href={`/api/v1/sessions/${encodeURIComponent(session.id)}/recording.cast`}
          download
          leftSection={<IconDownload size={16} />}
        >
          {t("session.download")}
        </Button>
      )}
      {live && mayEnd && (
        <Button variant="light" color="red" leftSection={<IconPlayerStop size={16} />} onClick={() => setAsking(true)}>
          {t("sessions.endSession")}
        </Button>
      )}
      <Confirm
        opened={asking}
        title={t("sessions.endTitle", names)}
        action={t("sessions.endSession")}
        pending={end.isPending}
        onConfirm={() => end.mutate({ id: session.id })}
        onClose={() => setAsking(false)}
      >
        <Text size="sm">{t("sessions.endText")}</Text>
      </Confirm>
    </>
  );
}
