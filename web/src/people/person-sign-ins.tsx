// Where a person is signed in, for an administrator to end it there.
"use client";
import { Button, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { Outputs } from "../api/types.ts";
import { displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { Failed } from "../ui/page-states.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { showToast } from "../ui/toasts.tsx";
import classes from "./grants.module.css";

export function PersonSignIns({ id }: { id: string }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const signIns = useQuery(trpc.people.sessions.queryOptions({ id }));
  if (signIns.isError) return <Failed error={signIns.error} onRetry={() => void signIns.refetch()} />;
  if (signIns.data === undefined) return <PanelSkeleton />;
  if (signIns.data.items.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t("people.noSignIns")}
      </Text>
    );
  return (
    <div>
      {signIns.data.items.map((one) => (
        <SignInLine key={one.id} personId={id} signIn={one} />
      ))}
    </div>
  );
}

type SignIn = Outputs["people"]["sessions"]["items"][number];

function SignInLine({ personId, signIn }: { personId: string; signIn: SignIn }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const end = useMutation(
    trpc.people.endSession.mutationOptions({
      onSuccess: () => {
        showToast("done", t("settings.sessionEnded"));
        return queries.invalidateQueries({ queryKey: trpc.people.sessions.queryKey() });
      },
    }),
  );
  return (
    <div className={classes.grant}>
      <div className={classes.words}>
        <div className="truncate">{displayText(signIn.userAgent, 80)}</div>
        <Text size="xs" c="dimmed">
          {displayText(signIn.ip ?? "–")} · <Moment at={signIn.lastSeenAt} />
        </Text>
      </div>
      {!signIn.current && (
        <Button
          size="compact-sm"
          variant="default"
          loading={end.isPending}
          onClick={() => end.mutate({ id: personId, sessionId: signIn.id })}
        >
          {t("settings.endSession")}
        </Button>
      )}
    </div>
  );
}
