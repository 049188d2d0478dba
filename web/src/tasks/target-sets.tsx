// Targets that several tasks mean by one name.
"use client";
import { Alert, Stack, TextInput } from "@mantine/core";
import { saveTargetSet, type Targets } from "@sallyport/hub/tasks/input";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Outputs } from "../api/types.ts";
import type { Column } from "../list/data-table.tsx";
import { KeptFormButtons, KeptList } from "../list/kept-list.tsx";
import { displayText } from "../ui/display-text.ts";
import { ResolvedTargets } from "./resolved-targets.tsx";
import { namesNothing, TargetsFields } from "./targets-fields.tsx";
import { usePreview } from "./use-preview.ts";

type TargetSet = Outputs["targetSets"]["list"]["items"][number];
const noTargets: Targets = { assetIds: [], nodeIds: [], labels: [], setIds: [] };

export function TargetSets() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const sets = useQuery(trpc.targetSets.list.queryOptions());
  const remove = useMutation(trpc.targetSets.remove.mutationOptions());
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
  ];
  return (
    <KeptList
      title={t("targetSets.title")}
      text={t("targetSets.text")}
      query={sets}
      columns={columns}
      nameOf={({ name }) => name}
      mayChange
      add={t("targetSets.add")}
      form={(onDone) => <AddTargetSet onDone={onDone} />}
      remove={{
        title: (name) => t("targetSets.remove", { name }),
        text: t("targetSets.removeText"),
        pending: remove.isPending,
        onRemove: ({ id }, onSuccess) => remove.mutate({ id }, { onSuccess }),
      }}
    />
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
        <KeptFormButtons pending={add.isPending} onCancel={onDone} />
      </Stack>
    </form>
  );
}
