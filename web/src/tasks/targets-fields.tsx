// What a task runs on: named hosts, branches of the tree, labels, conditions and kept sets; each host counts once.
"use client";
import { ActionIcon, Button, Group, MultiSelect, NativeSelect, Pill, Stack, TagsInput, Text, TextInput } from "@mantine/core";
import { categories, platformIds } from "@sallyport/hub/assets/input";
import type { Targets } from "@sallyport/hub/tasks/input";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import { AssetPicker } from "../assets/asset-picker.tsx";
import { NodePath } from "../assets/node-path.tsx";
import { useMay } from "../frame/me.tsx";
import { oneOf } from "../state/url-state.ts";
import { displayText } from "../ui/display-text.ts";

interface TargetsFieldsProps {
  targets: Targets;
  onChange: (targets: Targets) => void;
  /** Paths of the chosen nodes, as the hub told them. */
  nodePaths: ReadonlyMap<string, string>;
  /** False where sets themselves are written: they hold no other sets. */
  withSets?: boolean;
  error?: string | undefined;
}

export function TargetsFields({ targets, onChange, nodePaths, withSets = true, error }: TargetsFieldsProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const set = (part: Partial<Targets>) => onChange({ ...targets, ...part });
  const sets = useQuery(trpc.targetSets.list.queryOptions(undefined, { enabled: withSets }));
  const kept = sets.data?.items ?? [];
  return (
    <Stack gap="md">
      <div>
        <Text size="sm" fw={500} mb={4}>
          {t("targets.hosts")}
        </Text>
        <AssetPicker
          chosen={targets.assetIds}
          onChange={(assetIds) => set({ assetIds: [...assetIds] })}
          action="run"
          label={t("targets.hosts")}
          hint={t("newRun.machinesHint")}
          error={error}
        />
      </div>
      <Branches nodeIds={targets.nodeIds} nodePaths={nodePaths} onChange={(nodeIds) => set({ nodeIds })} />
      <TagsInput
        label={t("targets.labels")}
        description={t("targets.labelsHint")}
        placeholder={targets.labels.length === 0 ? "env:prod" : ""}
        value={targets.labels}
        onChange={(labels) => set({ labels })}
      />
      {withSets && kept.length > 0 && (
        <MultiSelect
          label={t("targets.sets")}
          data={kept.map(({ id, name }) => ({ value: id, label: displayText(name) }))}
          value={targets.setIds}
          clearable
          onChange={(setIds) => set({ setIds })}
        />
      )}
      <Conditions
        where={targets.where}
        onChange={(where) => {
          const { where: _before, ...others } = targets;
          onChange(where === undefined ? others : { ...others, where });
        }}
      />
    </Stack>
  );
}

interface BranchesProps {
  nodeIds: readonly string[];
  nodePaths: ReadonlyMap<string, string>;
  onChange: (nodeIds: string[]) => void;
}

function Branches({ nodeIds, nodePaths, onChange }: BranchesProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [path, setPath] = useState<readonly string[]>([]);
  const tops = useQuery(trpc.nodes.list.queryOptions({ parentId: null, scope: "mine" }));
  const here = path.at(-1);
  if ((tops.data?.items ?? []).length === 0 && nodeIds.length === 0) return null;
  return (
    <div>
      <Text size="sm" fw={500} mb={4}>
        {t("targets.nodes")}
      </Text>
      {nodeIds.length > 0 && (
        <Group gap={6} mb={8}>
          {nodeIds.map((id) => (
            <Pill
              key={id}
              withRemoveButton
              removeButtonProps={{ "aria-label": t("targets.removeNode"), "aria-hidden": false }}
              onRemove={() => onChange(nodeIds.filter((other) => other !== id))}
            >
              {displayText(nodePaths.get(id) ?? "…", 120)}
            </Pill>
          ))}
        </Group>
      )}
      <NodePath path={path} onChange={setPath} />
      {here !== undefined && !nodeIds.includes(here) && (
        <Button
          size="compact-sm"
          variant="light"
          leftSection={<IconPlus size={14} />}
          onClick={() => {
            onChange([...nodeIds, here]);
            setPath([]);
          }}
        >
          {t("targets.addNode")}
        </Button>
      )}
    </div>
  );
}

type Where = NonNullable<Targets["where"]>;

function Conditions({ where, onChange }: { where: Targets["where"]; onChange: (where: Where | undefined) => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const maySeeZones = useMay("fleet.read");
  const { data } = useQuery(trpc.fleet.zones.queryOptions(undefined, { enabled: maySeeZones }));
  if (where === undefined)
    return (
      <Button
        variant="subtle"
        size="compact-sm"
        leftSection={<IconPlus size={14} />}
        style={{ alignSelf: "flex-start" }}
        onClick={() => onChange({ category: "host" })}
      >
        {t("targets.addCondition")}
      </Button>
    );
  const { zoneId, category, platform, search } = where;
  const set = (part: Record<keyof Where, unknown> | Partial<Where>) => {
    const next = { ...where, ...part };
    onChange(Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined && value !== "")));
  };
  const any = { value: "", label: t("list.any") };
  return (
    <div>
      <Group justify="space-between" mb={4}>
        <Text size="sm" fw={500}>
          {t("targets.condition")}
        </Text>
        <ActionIcon variant="subtle" color="gray" aria-label={t("targets.removeCondition")} onClick={() => onChange(undefined)}>
          <IconX size={15} />
        </ActionIcon>
      </Group>
      <Group gap="xs" align="end">
        <NativeSelect
          label={t("targets.category")}
          value={category ?? ""}
          data={[any, ...categories.map((value) => ({ value, label: t(`category.${value}`) }))]}
          onChange={(event) => set({ category: oneOf(event.currentTarget.value, categories) })}
        />
        <NativeSelect
          label={t("targets.platform")}
          value={platform ?? ""}
          data={[any, ...platformIds.map((value) => ({ value, label: t(`platform.${value}`) }))]}
          onChange={(event) => set({ platform: oneOf(event.currentTarget.value, platformIds) })}
        />
        {maySeeZones && (
          <NativeSelect
            label={t("targets.zone")}
            value={zoneId ?? ""}
            data={[any, ...(data?.items ?? []).map(({ id, name }) => ({ value: id, label: displayText(name) }))]}
            onChange={(event) => set({ zoneId: event.currentTarget.value || undefined })}
          />
        )}
        <TextInput
          label={t("targets.search")}
          value={search ?? ""}
          onChange={(event) => set({ search: event.currentTarget.value || undefined })}
        />
      </Group>
    </div>
  );
}

/** Whether anything is named at all. */
export const namesNothing = ({ assetIds, nodeIds, labels, setIds, where }: Targets): boolean =>
  assetIds.length + nodeIds.length + labels.length + setIds.length === 0 &&
  (where === undefined || Object.keys(where).length === 0);
