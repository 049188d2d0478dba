// What a person may reach: their grants, giving more, taking back.
"use client";
import { ActionIcon, Button, Checkbox, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { Grant, GrantAction, Person } from "../api/types.ts";
import { AssetPicker } from "../assets/asset-picker.tsx";
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
      {giving && <GiveAccess person={person} onDone={() => setGiving(false)} />}
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
          <b>{what}</b>: {grant.actions.map((action) => t(`grants.${action}`)).join(", ")}
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
          {t("grants.revokeText", { name: grant.subjects.map((subject) => displayText(subject.name)).join(", ") })}
        </Text>
      </Confirm>
    </div>
  );
}

/** The assets, nodes and labels that a grant names, in words. */
export const targetsText = ({ targets }: Pick<Grant, "targets">, t: TFunction): string =>
  targets.map(({ kind, name }) => (kind === "all" ? t("grants.everything") : displayText(name))).join(", ");

const actions: readonly GrantAction[] = ["connect", "run", "forward"];

function GiveAccess({ person, onDone }: { person: Person; onDone: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [assetIds, setAssetIds] = useState<readonly string[]>([]);
  const [chosen, setChosen] = useState<readonly GrantAction[]>(["connect"]);
  const [until, setUntil] = useState("");
  const [tried, setTried] = useState(false);
  const give = useMutation(
    trpc.access.grant.mutationOptions({
      onSuccess: () => {
        showToast("done", t("grants.given"));
        onDone();
        return queries.invalidateQueries({ queryKey: trpc.access.pathKey() });
      },
    }),
  );
  const submit = () => {
    setTried(true);
    if (assetIds.length === 0 || chosen.length === 0) return;
    give.mutate({
      name: t("grants.nameOf", { person: person.name, count: assetIds.length }).slice(0, 100),
      subjects: [{ kind: "user", id: person.id }],
      targets: assetIds.map((id) => ({ kind: "asset", id })),
      accounts: ["@all"],
      actions: [...chosen],
      expiresAt: until === "" ? null : new Date(until).toISOString(),
    });
  };
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <AssetPicker
        chosen={assetIds}
        onChange={setAssetIds}
        action={null}
        everything
        label={t("grants.assets")}
        hint={t("grants.assetsHint")}
        error={tried && assetIds.length === 0 ? t("grants.noAssets") : undefined}
      />
      <Checkbox.Group
        label={t("grants.actions")}
        value={[...chosen]}
        onChange={(values) => setChosen(actions.filter((action) => values.includes(action)))}
        error={tried && chosen.length === 0 ? t("grants.noActions") : undefined}
      >
        <Group mt={6}>
          {actions.map((action) => (
            <Checkbox key={action} value={action} label={t(`grants.${action}`)} />
          ))}
        </Group>
      </Checkbox.Group>
      <TextInput
        type="datetime-local"
        label={t("grants.until")}
        value={until}
        onChange={(event) => setUntil(event.currentTarget.value)}
      />
      <Group gap="xs">
        <Button variant="default" onClick={onDone}>
          {t("action.cancel")}
        </Button>
        <Button type="submit" loading={give.isPending}>
          {t("grants.give")}
        </Button>
      </Group>
    </form>
  );
}
