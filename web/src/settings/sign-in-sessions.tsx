// Where one is signed in, and signing out there.
"use client";
import { Button, Group, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { SignInSession } from "../api/types.ts";
import { displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { Failed } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { showToast } from "../ui/toasts.tsx";
import classes from "./settings.module.css";

export function SignInSessions() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const sessions = useQuery(trpc.auth.sessions.queryOptions());
  return (
    <Panel title={t("settings.otherSessions")}>
      {sessions.data !== undefined ? (
        sessions.data.items.map((session) => <SessionLine key={session.id} session={session} />)
      ) : sessions.isError ? (
        <Failed error={sessions.error} onRetry={() => void sessions.refetch()} />
      ) : (
        <PanelSkeleton />
      )}
    </Panel>
  );
}

/** "Chrome on Linux" out of a user agent, as far as it says so honestly. */
function browserName(userAgent: string): string {
  const browser = /(Firefox|Edg|Chrome|Safari)\//.exec(userAgent)?.[1]?.replace("Edg", "Edge");
  const system = /(Windows|Mac OS X|Android|iPhone|Linux)/.exec(userAgent)?.[1];
  return [browser, system].filter((part) => part !== undefined).join(" · ") || displayText(userAgent, 60);
}

function SessionLine({ session }: { session: SignInSession }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const end = useMutation(
    trpc.auth.endSession.mutationOptions({
      onSuccess: () => {
        showToast("done", t("settings.sessionEnded"));
        return queries.invalidateQueries({ queryKey: trpc.auth.sessions.queryKey() });
      },
    }),
  );
  return (
    <div className={classes.line}>
      <div className={classes.words}>
        <Group gap={6} fz={13}>
          {browserName(session.userAgent ?? "")}
          {session.current && (
            <Text span size="xs" c="teal">
              {t("settings.thisOne")}
            </Text>
          )}
        </Group>
        <Text size="xs" c="dimmed">
          {displayText(session.ip ?? "–")} · <Moment at={session.lastSeenAt} />
        </Text>
      </div>
      {!session.current && (
        <Button size="compact-sm" variant="default" loading={end.isPending} onClick={() => end.mutate({ id: session.id })}>
          {t("settings.endSession")}
        </Button>
      )}
    </div>
  );
}
