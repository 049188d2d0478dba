// What a person may reach: their grants, giving more, taking back.
"use client";
import { ActionIcon, Button, Stack, Text } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { Grant, Person } from "../api/types.ts";
import { actionsText } from "../grants/actions-text.ts";
import { GrantForm } from "../grants/grant-form.tsx";
import { targetsText } from "../grants/grants-page.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { displayText } from "../ui/display-text.ts";
import { Empty, Failed } from "../ui/page-states.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { showToast } from "../ui/toasts.tsx";
import { useLocale } from "../ui/use-locale.ts";
import classes from "./grants.module.css";

export function Grants({ person, mayManage }: { person: Person; mayManage: boolean }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [giving, setGiving] = useState(false);
  const grants = useQuery(trpc.access.grants.queryOptions({ userId: person.id }));
  if (grants.isError) return <Failed error={grants.error} onRetry={() => void grants.refetch()} />;
  if (grants.data === undefined) return <PanelSkeleton />;
  const give = mayManage && !giving && (
    <Button variant="light" onClick={() => setGiving(true)} style={{ alignSelf: "flex-start" }}>
      {t("grants.give")}
    </Button>
  );
  return (
    <Stack gap="md">
      {grants.data.items.length === 0 && !giving ? (
        <Empty title={t("grants.none")} text={t("grants.noneText")}>
          {give}
        </Empty>
      ) : (
        give
      )}
      {giving && (
        <div className={classes.form}>
          <GrantForm person={{ id: person.id, name: displayText(person.name) }} onDone={() => setGiving(false)} />
        </div>
      )}
      <div>
        {grants.data.items.map((grant) => (
          <GrantLine key={grant.id} grant={grant} mayManage={mayManage} />
        ))}
      </div>
    </Stack>
  );
}

function GrantLine({ grant, mayManage }: { grant: Grant; mayManage: boolean }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const { moment } = useLocale();
  const [asking, setAsking] = useState(false);
  const what = targetsText(grant, t);
  const revoke = useMutation(
    trpc.access.revoke.mutationOptions({
      onSuccess: () => {
        showToast("done", t("grants.revoked"));
        return queries.invalidateQueries({ queryKey: trpc.access.pathKey() });
      },
    }),
  );
  return (
    <div className={classes.grant}>
      <div className={classes.words}>
        <div className="truncate">
          <b>{what}</b>: {actionsText(grant.actions, t)}
        </div>
        <Text size="xs" c="dimmed">
          {grant.expiresAt === null ? t("grants.forever") : t("grants.untilDate", { when: moment(grant.expiresAt) })}
        </Text>
      </div>
      {mayManage && (
        <ActionIcon
          variant="subtle"
          color="red"
          aria-label={t("grants.revokeTitle", { asset: what })}
          onClick={() => setAsking(true)}
        >
          <IconTrash size={16} />
        </ActionIcon>
      )}
      <Confirm
        opened={asking}
        title={t("grants.revokeTitle", { asset: what })}
        action={t("action.revoke")}
        pending={revoke.isPending}
        onConfirm={() => revoke.mutate({ id: grant.id, reason: "" })}
        onClose={() => setAsking(false)}
      >
        <Text size="sm">
          {t("grants.revokeText", { name: grant.subjects.map((subject) => displayText(subject.name)).join(t("list.comma")) })}
        </Text>
      </Confirm>
    </div>
  );
}
