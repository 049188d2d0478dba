// A flow as its sentence: requests for these, with or without privileged accounts, are decided by these, level by level.
"use client";
import { Alert, Button, Checkbox, Fieldset, Group, NumberInput, Select, Stack, Switch, TextInput } from "@mantine/core";
import { privileges as databasePrivileges } from "@sallyport/hub/databases/input";
import { askableKinds, createFlow } from "@sallyport/hub/tickets/input";
import { IconPlus } from "@tabler/icons-react";
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
import { emptyLevel, type LevelDraft, levelDraft, levelOf, type Names } from "./level-draft.ts";
import { LevelFields } from "./level-fields.tsx";
import { LengthSelect } from "./time-fields.tsx";

const levelsMax = 5;
/** Levels have no name of their own, and those before one may be removed. */
const keyed = (level: LevelDraft, key: number) => ({ ...level, key });
const privileges = ["both", "privileged", "unprivileged"] as const;

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
    levels: flow === null ? [keyed(emptyLevel("hours"), 0)] : flow.levels.map((level, n) => keyed(levelDraft(level, names), n)),
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
            errors={{
              approvers: wrong("levels", n, "approvers"),
              minutes: wrong("levels", n, "minutes") && t("flows.waitWrong"),
            }}
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
            onClick={() =>
              set({ levels: [...draft.levels, keyed(emptyLevel("hours"), Math.max(...draft.levels.map(({ key }) => key)) + 1)] })
            }
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
