// Targets that several tasks mean by one name.
"use client";
import { ActionIcon, Alert, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { saveTargetSet, type Targets } from "@sallyport/hub/tasks/input";
import { IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Outputs } from "../api/types.ts";
import { type Column, DataTable, TableSkeleton } from "../list/data-table.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { displayText } from "../ui/display-text.ts";
import { Failed } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { ResolvedTargets } from "./resolved-targets.tsx";
import { namesNothing, TargetsFields } from "./targets-fields.tsx";
import { usePreview } from "./use-preview.ts";

type TargetSet = Outputs["targetSets"]["list"]["items"][number];
const noTargets: Targets = { assetIds: [], nodeIds: [], labels: [], setIds: [] };

export function TargetSets() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const sets = useQuery(trpc.targetSets.list.queryOptions());
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<TargetSet | null>(null);
  const remove = useMutation(trpc.targetSets.remove.mutationOptions({ onSuccess: () => setRemoving(null) }));
  const summary = ({ targets: { assetIds, nodeIds, labels, where } }: TargetSet) =>
    [
      assetIds.length > 0 ? t("targetSets.hosts", { count: assetIds.length }) : "",
      nodeIds.length > 0 ? t("targetSets.nodes", { count: nodeIds.length }) : "",
      labels.map((label) => displayText(label, 60)).join(", "),
      where === undefined ? "" : t("targetSets.condition"),
    ]
      .filter(Boolean)
      .join(" · ");
  const columns: Column<TargetSet>[] = [
    { key: "name", title: t("scripts.name"), cell: ({ name }) => displayText(name) },
    { key: "targets", title: t("tasks.targets"), cell: summary },
    {
      key: "remove",
      title: "",
      align: "right",
      cell: (set) => (
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={t("targetSets.remove", { name: displayText(set.name) })}
          onClick={() => setRemoving(set)}
        >
          <IconTrash size={15} />
        </ActionIcon>
      ),
    },
  ];
  return (
    <Panel
      title={t("targetSets.title")}
      action={
        <Button size="compact-sm" variant="subtle" onClick={() => setAdding(true)}>
          {t("targetSets.add")}
        </Button>
      }
    >
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          {t("targetSets.text")}
        </Text>
        {adding && <AddTargetSet onDone={() => setAdding(false)} />}
        {sets.isError && <Failed error={sets.error} onRetry={() => void sets.refetch()} />}
        {sets.isPending && <TableSkeleton columns={columns} label={t("list.loadingRows")} rows={2} />}
        {sets.data !== undefined && sets.data.items.length > 0 && (
          <DataTable
            name={t("targetSets.title")}
            rows={sets.data.items}
            columns={columns}
            rowId={({ id }) => id}
            openRowId={null}
          />
        )}
      </Stack>
      <Confirm
        opened={removing !== null}
        title={t("targetSets.remove", { name: displayText(removing?.name ?? "") })}
        action={t("action.delete")}
        pending={remove.isPending}
        onConfirm={() => removing !== null && remove.mutate({ id: removing.id })}
        onClose={() => setRemoving(null)}
      >
        <Text size="sm">{t("targetSets.removeText")}</Text>
      </Confirm>
    </Panel>
  );
}

function AddTargetSet({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [name, setName] = useState("");
  const [targets, setTargets] = useState(noTargets);
  const [tried, setTried] = useState(false);
  const nothing = namesNothing(targets);
  const parsed = saveTargetSet.safeParse({ name, targets });
  const preview = usePreview(nothing ? null : { targets });
  const add = useMutation(trpc.targetSets.add.mutationOptions({ meta: { showsError: true }, onSuccess: onDone }));
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (parsed.success && !nothing) add.mutate(parsed.data);
      }}
    >
      <Stack gap="md">
        {add.isError && <Alert color="red">{errorSentence(add.error)}</Alert>}
        <TextInput
          label={t("scripts.name")}
          value={name}
          error={tried && name.trim() === "" ? t("field.required") : undefined}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TargetsFields
          targets={targets}
          onChange={setTargets}
          nodePaths={new Map((preview.data?.nodes ?? []).map(({ id, path }) => [id, path]))}
          withSets={false}
          error={tried && nothing ? t("targets.nothing") : undefined}
        />
        {!nothing && <ResolvedTargets preview={preview.data} error={preview.error} />}
        <Group gap="xs">
          <Button variant="default" onClick={onDone}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" loading={add.isPending}>
            {t("action.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
