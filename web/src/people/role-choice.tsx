// Choosing a role: the built-in ones and those that the organisation made.
"use client";
import { Radio, Skeleton, Stack } from "@mantine/core";
import { roleNames } from "@sallyport/hub/identity/input";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { ListedRole, Role } from "../api/types.ts";
import { useMe } from "../frame/me.tsx";
import { Failed } from "../ui/page-states.tsx";
import { roleMeaning, roleTitle } from "./role-title.ts";

export function useRoles() {
  const trpc = useTRPC();
  return useQuery(trpc.roles.list.queryOptions());
}

/** Options of a form; the built-in ones until the others are here. */
export function useRoleOptions(): { value: Role; label: string }[] {
  const { t } = useTranslation();
  const { data } = useRoles();
  if (data === undefined) return roleNames.map((role) => ({ value: role, label: t(`role.${role}`) }));
  return data.items.map(({ id, name }) => ({ value: id, label: roleTitle({ role: id, roleName: name }, t) }));
}

/** Nobody gives a role that may what he may not. */
export function useMayGive(): (role: Pick<ListedRole, "permissions">) => boolean {
  const me = useMe();
  return ({ permissions }) => permissions.every((permission) => me.permissions.includes(permission));
}

export function RoleChoice({ value, onChange }: { value: Role; onChange: (role: Role) => void }) {
  const { t } = useTranslation();
  const roles = useRoles();
  const mayGive = useMayGive();
  if (roles.isError) return <Failed error={roles.error} onRetry={() => void roles.refetch()} />;
  if (roles.data === undefined) return <Skeleton height={140} />;
  const { items } = roles.data;
  return (
    <Radio.Group
      label={t("field.role")}
      value={value}
      onChange={(chosen) => onChange(items.find(({ id }) => id === chosen)?.id ?? value)}
    >
      <Stack gap="xs" mt={6}>
        {items.map((role) => (
          <Radio
            key={role.id}
            value={role.id}
            label={roleTitle({ role: role.id, roleName: role.name }, t)}
            description={mayGive(role) ? roleMeaning(role, t) : t("roles.aboveYou")}
            disabled={!mayGive(role)}
          />
        ))}
      </Stack>
    </Radio.Group>
  );
}
