// A flow as its sentence: requests for these, with or without privileged accounts, are decided by these, level by level.
"use client";
import {
  Alert,
  Button,
  Checkbox,
  Fieldset,
  Group,
  NumberInput,
  SegmentedControl,
  Select,
  Stack,
  Switch,
  TextInput,
} from "@mantine/core";
import { privileges as databasePrivileges } from "@sallyport/hub/databases/input";
import { type Approver, askableKinds, createFlow, type Level } from "@sallyport/hub/tickets/input";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { TicketFlow } from "../api/types.ts";
import { ActionsField } from "../grants/actions-field.tsx";
import { type Subject, SubjectsPicker, type Target, TargetsPicker } from "../grants/ends-picker.tsx";
import { oneOf } from "../state/url-state.ts";
import { showToast } from "../ui/toasts.tsx";
import { LengthSelect } from "./time-fields.tsx";

interface LevelDraft {
  key: number;
  approvers: Subject[];
  manager: boolean;
  owner: boolean;
  need: "any" | "all" | "count";
  count: number;
  /** Hours; empty: it waits. */
  hours: number | "";
  escalateTo: Subject[];
}

const levelsMax = 5;
const needs = ["any", "all", "count"] as const;
const privileges = ["both", "privileged", "unprivileged"] as const;

const emptyLevel = (key: number): LevelDraft => ({
  key,
  approvers: [],
  manager: false,
  owner: false,
  need: "any",
  count: 2,
  hours: "",
  escalateTo: [],
});

type Names = Record<string, string>;
const subjectOf = (one: Approver, names: Names): Subject[] =>
  "id" in one ? [{ kind: one.kind, id: one.id, name: names[one.id] ?? one.id }] : [];

const levelDraft = ({ approvers, need, minutes, escalateTo }: Level, key: number, names: Names): LevelDraft => ({
  key,
  approvers: approvers.flatMap((one) => subjectOf(one, names)),
  manager: approvers.some(({ kind }) => kind === "manager"),
  owner: approvers.some(({ kind }) => kind === "asset-owner"),
  need: need.kind,
  count: need.kind === "count" ? need.value : 2,
  hours: minutes === null ? "" : minutes / 60,
  escalateTo: escalateTo.flatMap((one) => subjectOf(one, names)),
});

const levelOf = ({ approvers, manager, owner, need, count, hours, escalateTo }: LevelDraft) => ({
  approvers: [
    ...approvers.map(({ kind, id }) => ({ kind, id })),
    ...(manager ? [{ kind: "manager" as const }] : []),
    ...(owner ? [{ kind: "asset-owner" as const }] : []),
  ],
  need: need === "count" ? { kind: need, value: count } : { kind: need },
  minutes: hours === "" ? null : Math.round(hours * 60),
  escalateTo: hours === "" ? [] : escalateTo.map(({ kind, id }) => ({ kind, id })),
});

interface FlowFormProps {
  flow: TicketFlow | null;
  /** Of what the flow names, by id. */
  names: Names;
  onDone: () => void;
}

export function FlowForm({ flow, names, onDone }: FlowFormProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [draft, setDraft] = useState(() => ({
    name: flow?.name ?? "",
    active: flow?.active ?? true,
    kinds: flow?.match.kinds ?? ["server" as const],
    position: flow?.position ?? 0,
    targets: (flow?.match.targets ?? []).map((target): Target => ({ ...target, name: names[target.id] ?? target.id })),
    privilege:
      flow?.match.privileged == null
        ? ("both" as const)
        : flow.match.privileged
          ? ("privileged" as const)
          : ("unprivileged" as const),
    levels: flow === null ? [emptyLevel(0)] : flow.levels.map((level, n) => levelDraft(level, n, names)),
    auto: flow?.auto ?? null,
    mayRepeat: flow?.mayRepeat ?? false,
  }));
  const [tried, setTried] = useState(false);
  const set = (part: Partial<typeof draft>) => setDraft((before) => ({ ...before, ...part }));
  const parsed = createFlow.safeParse({
    name: draft.name,
    active: draft.active,
    position: draft.position,
    match: {
      kinds: draft.kinds,
      targets: draft.targets.map(({ kind, id }) => ({ kind, id })),
      privileged: draft.privilege === "both" ? null : draft.privilege === "privileged",
    },
    levels: draft.levels.map(levelOf),
    auto: draft.auto,
    mayRepeat: draft.mayRepeat,
  });
  const wrong = (...at: (string | number)[]) =>
    tried && !parsed.success && parsed.error.issues.some(({ path }) => at.every((part, n) => path[n] === part))
      ? t("field.required")
      : undefined;
  const saved = () => {
    showToast("done", t("flows.saved"));
    onDone();
    return queries.invalidateQueries({ queryKey: trpc.tickets.pathKey() });
  };
  const create = useMutation(trpc.tickets.createFlow.mutationOptions({ meta: { showsError: true }, onSuccess: saved }));
  const change = useMutation(trpc.tickets.changeFlow.mutationOptions({ meta: { showsError: true }, onSuccess: saved }));
  const failure = create.error ?? change.error;
  const setLevel = (key: number, part: Partial<LevelDraft>) =>
    set({ levels: draft.levels.map((one) => (one.key === key ? { ...one, ...part } : one)) });
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (!parsed.success) return;
        if (flow === null) create.mutate(parsed.data);
        else change.mutate({ id: flow.id, ...parsed.data });
      }}
    >
      <Stack gap="md">
        {failure !== null && (
          <Alert color="red" role="alert">
            {errorSentence(failure)}
          </Alert>
        )}
        <TextInput
          label={t("grants.name")}
          value={draft.name}
          error={wrong("name")}
          onChange={(event) => set({ name: event.currentTarget.value })}
          data-autofocus
        />
        <TargetsPicker
          chosen={draft.targets}
          onChange={(targets) => set({ targets })}
          label={t("flows.forWhat")}
          hint={t("grants.whatHint")}
          error={wrong("match", "targets")}
        />
        <Checkbox.Group
          label={t("flows.kinds")}
          value={draft.kinds}
          error={wrong("match", "kinds")}
          onChange={(chosen) => set({ kinds: askableKinds.filter((kind) => chosen.includes(kind)) })}
        >
          <Group mt={6} gap="md">
            {askableKinds.map((kind) => (
              <Checkbox key={kind} value={kind} label={t(`ticketKind.${kind}`)} />
            ))}
          </Group>
        </Checkbox.Group>
        <Select
          label={t("flows.accounts")}
          data={privileges.map((value) => ({ value, label: t(`flowPrivilege.${value}`) }))}
          value={draft.privilege}
          allowDeselect={false}
          onChange={(value) => set({ privilege: oneOf(value, privileges) ?? "both" })}
        />
        {draft.levels.map((one, n) => (
          <LevelFields
            key={one.key}
            level={one}
            title={t("flows.level", { n: n + 1 })}
            error={wrong("levels", n, "approvers")}
            onChange={(part) => setLevel(one.key, part)}
            onRemove={draft.levels.length === 1 ? null : () => set({ levels: draft.levels.filter(({ key }) => key !== one.key) })}
          />
        ))}
        {draft.levels.length < levelsMax && (
          <Button
            variant="default"
            size="compact-sm"
            style={{ alignSelf: "flex-start" }}
            leftSection={<IconPlus size={14} />}
            onClick={() => set({ levels: [...draft.levels, emptyLevel(Math.max(...draft.levels.map(({ key }) => key)) + 1)] })}
          >
            {t("flows.addLevel")}
          </Button>
        )}
        {draft.levels.length > 1 && (
          <Switch
            label={t("flows.mayRepeat")}
            description={t("flows.mayRepeatHint")}
            checked={draft.mayRepeat}
            onChange={(event) => set({ mayRepeat: event.currentTarget.checked })}
          />
        )}
        <Switch
          label={t("flows.auto")}
          description={t("flows.autoHint")}
          checked={draft.auto !== null}
          onChange={(event) =>
            set({
              auto: event.currentTarget.checked
                ? { minutesMax: 240, actions: ["connect"], privileges: ["select"], groupIds: [] }
                : null,
            })
          }
        />
        {draft.auto !== null && <AutoFields auto={draft.auto} names={names} onChange={(auto) => set({ auto })} />}
        <NumberInput
          label={t("flows.position")}
          description={t("flows.positionHint")}
          min={0}
          max={1_000}
          value={draft.position}
          onChange={(value) => set({ position: typeof value === "number" ? value : 0 })}
        />
        <Switch
          label={t("grants.active")}
          checked={draft.active}
          onChange={(event) => set({ active: event.currentTarget.checked })}
        />
        <Group gap="xs">
          <Button variant="default" onClick={onDone}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" loading={create.isPending || change.isPending}>
            {t("action.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface LevelFieldsProps {
  level: LevelDraft;
  title: string;
  error: string | undefined;
  onChange: (part: Partial<LevelDraft>) => void;
  onRemove: (() => void) | null;
}

function LevelFields({ level, title, error, onChange, onRemove }: LevelFieldsProps) {
  const { t } = useTranslation();
  return (
    <Fieldset legend={title}>
      <Stack gap="sm">
        <SubjectsPicker
          chosen={level.approvers}
          onChange={(approvers) => onChange({ approvers })}
          label={t("flows.who")}
          hint={t("grants.whoHint")}
          error={error}
        />
        <Group gap="md">
          <Checkbox
            label={t("flows.manager")}
            checked={level.manager}
            onChange={(event) => onChange({ manager: event.currentTarget.checked })}
          />
          <Checkbox
            label={t("flows.owner")}
            checked={level.owner}
            onChange={(event) => onChange({ owner: event.currentTarget.checked })}
          />
        </Group>
        <Group gap="sm" align="flex-end">
          <SegmentedControl
            aria-label={t("flows.need")}
            data={needs.map((value) => ({ value, label: t(`flowNeed.${value}`) }))}
            value={level.need}
            onChange={(value) => onChange({ need: oneOf(value, needs) ?? "any" })}
          />
          {level.need === "count" && (
            <NumberInput
              aria-label={t("flows.howMany")}
              w={80}
              min={1}
              max={20}
              value={level.count}
              onChange={(value) => onChange({ count: typeof value === "number" ? value : 1 })}
            />
          )}
        </Group>
        <NumberInput
          label={t("flows.hours")}
          description={t("flows.hoursHint")}
          min={1}
          max={720}
          value={level.hours}
          onChange={(value) => onChange({ hours: typeof value === "number" ? value : "" })}
        />
        {level.hours !== "" && (
          <SubjectsPicker
            chosen={level.escalateTo}
            onChange={(escalateTo) => onChange({ escalateTo })}
            label={t("flows.escalateTo")}
            hint={t("flows.escalateHint")}
          />
        )}
        {onRemove !== null && (
          <Button
            variant="subtle"
            color="red"
            size="compact-sm"
            style={{ alignSelf: "flex-start" }}
            leftSection={<IconTrash size={14} />}
            onClick={onRemove}
          >
            {t("flows.removeLevel")}
          </Button>
        )}
      </Stack>
    </Fieldset>
  );
}

type Auto = NonNullable<TicketFlow["auto"]>;

function AutoFields({ auto, names, onChange }: { auto: Auto; names: Names; onChange: (auto: Auto) => void }) {
  const { t } = useTranslation();
  const [groups, setGroups] = useState<Subject[]>(auto.groupIds.map((id) => ({ kind: "group", id, name: names[id] ?? id })));
  return (
    <Fieldset legend={t("flows.auto")}>
      <Stack gap="sm">
        <LengthSelect
          minutes={auto.minutesMax}
          most={Number.POSITIVE_INFINITY}
          onChange={(minutesMax) => onChange({ ...auto, minutesMax })}
        />
        <ActionsField chosen={auto.actions} onChange={(chosen) => chosen.length > 0 && onChange({ ...auto, actions: chosen })} />
        <Checkbox.Group
          label={t("flows.autoPrivileges")}
          value={auto.privileges}
          onChange={(chosen) =>
            chosen.length > 0 && onChange({ ...auto, privileges: databasePrivileges.filter((each) => chosen.includes(each)) })
          }
        >
          <Group mt={6} gap="md">
            {databasePrivileges.map((each) => (
              <Checkbox key={each} value={each} label={t(`databasePrivilege.${each}`)} />
            ))}
          </Group>
        </Checkbox.Group>
        <SubjectsPicker
          chosen={groups}
          onChange={(chosen) => {
            const kept = chosen.filter(({ kind }) => kind === "group");
            setGroups(kept);
            onChange({ ...auto, groupIds: kept.map(({ id }) => id) });
          }}
          label={t("flows.autoGroups")}
          hint={t("flows.autoGroupsHint")}
        />
      </Stack>
    </Fieldset>
  );
}
