// A person in the side panel: account, access, what they did; role, lock, disable, reset link.
"use client";
import { Button, Drawer, Group, Stack, Tabs, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { Person } from "../api/types.ts";
import { PersonActivity } from "../audit/subject-activity.tsx";
import { useMay, useMe } from "../frame/me.tsx";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { Confirm } from "../ui/confirm.tsx";
import { ShortId } from "../ui/copy.tsx";
import { displayText } from "../ui/display-text.ts";
import { Facts } from "../ui/facts.tsx";
import { Moment } from "../ui/moment.tsx";
import { showToast } from "../ui/toasts.tsx";
import { useLocale } from "../ui/use-locale.ts";
import { EditPerson } from "./edit-person.tsx";
import { Grants } from "./grants.tsx";
import { GuestActions } from "./guest-actions.tsx";
import { LinkOnce } from "./link-once.tsx";
import { PersonMark } from "./person-mark.tsx";
import { PersonSignIns } from "./person-sign-ins.tsx";
import { RoleChoice, useRoleOptions } from "./role-choice.tsx";
import { roleTitle } from "./role-title.ts";

export function PersonPanel({ person, onClose }: { person: Person | undefined; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Drawer
      opened={person !== undefined}
      onClose={onClose}
      title={person === undefined ? "" : <strong style={{ fontSize: 16 }}>{displayText(person.name)}</strong>}
      closeButtonProps={{ "aria-label": t("action.close") }}
    >
      {person !== undefined && <PersonTabs key={person.id} person={person} />}
    </Drawer>
  );
}

const tabs = ["overview", "access", "sign-ins", "activity"] as const;

function PersonTabs({ person }: { person: Person }) {
  const { t } = useTranslation();
  const mayManage = useMay("people.manage");
  const mayAudit = useMay("audit.read");
  const [url, changeUrl] = useUrlState();
  const tab = oneOf(url.get("tab"), tabs) ?? "overview";
  return (
    <Tabs value={tab} onChange={(value) => changeUrl({ tab: value === "overview" ? null : value })} keepMounted={false}>
      <Tabs.List mb="md">
        <Tabs.Tab value="overview">{t("people.overview")}</Tabs.Tab>
        <Tabs.Tab value="access">{t("people.access")}</Tabs.Tab>
        {mayManage && !person.guest && <Tabs.Tab value="sign-ins">{t("people.signIns")}</Tabs.Tab>}
        {mayAudit && <Tabs.Tab value="activity">{t("people.activity")}</Tabs.Tab>}
      </Tabs.List>
      <Tabs.Panel value="overview">
        <Stack gap="lg">
          <PersonFacts person={person} />
          {mayManage && (person.guest ? <GuestActions person={person} /> : <PersonActions person={person} />)}
        </Stack>
      </Tabs.Panel>
      <Tabs.Panel value="access">
        <Grants person={person} mayManage={mayManage} />
      </Tabs.Panel>
      {mayManage && !person.guest && (
        <Tabs.Panel value="sign-ins">
          <PersonSignIns id={person.id} />
        </Tabs.Panel>
      )}
      {mayAudit && (
        <Tabs.Panel value="activity">
          <PersonActivity userId={person.id} />
        </Tabs.Panel>
      )}
    </Tabs>
  );
}

const marksOf = ({ guest, systemAdmin }: Person, t: TFunction): string[] => [
  ...(guest ? [t("people.guest")] : []),
  ...(systemAdmin ? [t("people.systemAdmin")] : []),
];

function PersonFacts({ person }: { person: Person }) {
  const { t } = useTranslation();
  const { moment } = useLocale();
  const trpc = useTRPC();
  const { data } = useQuery(trpc.people.get.queryOptions({ id: person.id }));
  const groups = (data?.groups ?? []).map(({ name }) => displayText(name)).join(t("list.comma"));
  return (
    <Facts
      items={[
        ["ID", <ShortId key="id" id={person.id} />],
        [t("field.email"), displayText(person.email)],
        [t("people.username"), displayText(person.username)],
        ...(person.phone === null ? [] : [[t("people.phone"), displayText(person.phone)] as const]),
        [t("people.role"), [roleTitle(person, t), ...marksOf(person, t)].join(t("list.comma"))],
        [t("people.state"), <PersonMark key="state" state={person.state} />],
        ...(person.lockedUntil === null ? [] : [["", t("people.lockedUntil", { when: moment(person.lockedUntil) })] as const]),
        [t("people.lastSignIn"), <Moment key="seen" at={person.lastSignInAt} />],
        [t("people.created"), <Moment key="created" at={person.createdAt} />],
        ...(person.expiresAt === null ? [] : [[t("people.expires"), moment(person.expiresAt)] as const]),
        [t("groups.title"), groups === "" ? "–" : groups],
        ...(person.comment === "" ? [] : [[t("people.comment"), displayText(person.comment, 1_000)] as const]),
      ]}
    />
  );
}

function PersonActions({ person }: { person: Person }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [asking, setAsking] = useState<"disable" | "role" | "fields" | "factor" | null>(null);
  const name = displayText(person.name);
  const changed = (text: string) => () => {
    setAsking(null);
    showToast("done", text);
    return queries.invalidateQueries({ queryKey: trpc.people.pathKey() });
  };
  const disable = useMutation(trpc.people.disable.mutationOptions({ onSuccess: changed(t("people.disabled", { name })) }));
  const enable = useMutation(trpc.people.enable.mutationOptions({ onSuccess: changed(t("people.enabled", { name })) }));
  const unlock = useMutation(trpc.people.unlock.mutationOptions({ onSuccess: changed(t("people.unlocked", { name })) }));
  const requireNew = useMutation(
    trpc.people.requireNewPassword.mutationOptions({ onSuccess: changed(t("people.newPasswordRequired", { name })) }),
  );
  const resetFactor = useMutation(
    trpc.people.resetSecondFactor.mutationOptions({
      onSuccess: changed(t("people.factorReset", { name })),
      onError: () => setAsking(null),
    }),
  );
  const reset = useMutation(trpc.people.resetLink.mutationOptions());
  const me = useMe();
  const setSystem = useMutation(trpc.organisations.setSystemAdmin.mutationOptions({ onSuccess: changed(t("people.saved")) }));
  const { id, state } = person;
  return (
    <Stack gap="md">
      <Group gap="xs">
        <Button variant="default" onClick={() => setAsking("fields")}>
          {t("people.edit")}
        </Button>
        <Button variant="default" onClick={() => setAsking("role")}>
          {t("people.changeRole")}
        </Button>
        {me.systemAdmin && (
          <Button
            variant="default"
            loading={setSystem.isPending}
            onClick={() => setSystem.mutate({ id: person.id, systemAdmin: !person.systemAdmin })}
          >
            {person.systemAdmin ? t("people.noSystemAdmin") : t("people.makeSystemAdmin")}
          </Button>
        )}
        {state !== "disabled" && (
          <Button variant="default" loading={reset.isPending} onClick={() => reset.mutate({ id })}>
            {t("people.resetLink")}
          </Button>
        )}
        {state !== "disabled" && (
          <Button variant="default" loading={requireNew.isPending} onClick={() => requireNew.mutate({ id })}>
            {t("people.requireNewPassword")}
          </Button>
        )}
        {state !== "disabled" && (
          <Button variant="default" onClick={() => setAsking("factor")}>
            {t("people.resetFactor")}
          </Button>
        )}
        {state === "locked" && (
          <Button variant="default" loading={unlock.isPending} onClick={() => unlock.mutate({ id })}>
            {t("people.unlock")}
          </Button>
        )}
        {state === "disabled" ? (
          <Button loading={enable.isPending} onClick={() => enable.mutate({ id })}>
            {t("people.enable")}
          </Button>
        ) : (
          <Button variant="light" color="red" onClick={() => setAsking("disable")}>
            {t("people.disable")}
          </Button>
        )}
      </Group>
      {reset.data !== undefined && <LinkOnce name={person.name} sent={reset.data} />}
      {asking === "fields" && <EditPerson person={person} onDone={() => setAsking(null)} />}
      {asking === "role" && <RoleForm person={person} onDone={() => setAsking(null)} />}
      <Confirm
        opened={asking === "factor"}
        title={t("people.resetFactorTitle", { name })}
        action={t("people.resetFactor")}
        pending={resetFactor.isPending}
        onConfirm={() => resetFactor.mutate({ id })}
        onClose={() => setAsking(null)}
      >
        <Text size="sm">{t("people.resetFactorText")}</Text>
      </Confirm>
      <Confirm
        opened={asking === "disable"}
        title={t("people.disableTitle", { name })}
        action={t("people.disable")}
        pending={disable.isPending}
        onConfirm={() => disable.mutate({ id })}
        onClose={() => setAsking(null)}
      >
        <Text size="sm">{t("people.disableText")}</Text>
      </Confirm>
    </Stack>
  );
}

function RoleForm({ person, onDone }: { person: Person; onDone: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [role, setRole] = useState(person.role);
  const options = useRoleOptions();
  const save = useMutation(
    trpc.people.setRole.mutationOptions({
      onSuccess: () => {
        const title = options.find(({ value }) => value === role)?.label ?? "";
        showToast("done", t("people.roleChanged", { name: displayText(person.name), role: title }));
        onDone();
        return queries.invalidateQueries({ queryKey: trpc.people.pathKey() });
      },
    }),
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({ id: person.id, role });
      }}
    >
      <RoleChoice value={role} onChange={setRole} />
      <Group gap="xs" mt="md">
        <Button variant="default" onClick={onDone}>
          {t("action.cancel")}
        </Button>
        <Button type="submit" loading={save.isPending} disabled={role === person.role}>
          {t("action.save")}
        </Button>
      </Group>
    </form>
  );
}
