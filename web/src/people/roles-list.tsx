// Roles: what each allows, and how many people have it.
"use client";
import { Anchor, Button, Group } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { ListedRole } from "../api/types.ts";
import { useMay } from "../frame/me.tsx";
import { type Column, DataTable, TableSkeleton } from "../list/data-table.tsx";
import { useUrlState } from "../state/url-state.ts";
import { Failed } from "../ui/page-states.tsx";
import { useLocale } from "../ui/use-locale.ts";
import { useRoles } from "./role-choice.tsx";
import { NewRolePanel, RolePanel } from "./role-panel.tsx";
import { roleMeaning, roleTitle } from "./role-title.ts";

export function RolesList({ onPeople }: { onPeople: (role: string) => void }) {
  const { t } = useTranslation();
  const { count } = useLocale();
  const mayManage = useMay("people.manage");
  const [url, changeUrl] = useUrlState();
  const roles = useRoles();
  const open = roles.data?.items.find(({ id }) => id === url.get("id"));
  const columns: Column<ListedRole>[] = [
    {
      key: "name",
      title: t("field.role"),
      cell: ({ id, name }) => <b style={{ fontWeight: 500 }}>{roleTitle({ role: id, roleName: name }, t)}</b>,
    },
    { key: "meaning", title: t("roles.description"), cell: (role) => roleMeaning(role, t) || "–", hideOn: "small" },
    {
      key: "permissions",
      title: t("roles.permissions"),
      cell: ({ permissions }) => <span className="tabular">{count(permissions.length)}</span>,
      hideOn: "small",
    },
    {
      key: "people",
      title: t("groups.members"),
      cell: ({ id, people }) =>
        people === 0 ? (
          <span className="tabular">0</span>
        ) : (
          <Anchor
            component="button"
            type="button"
            size="sm"
            className="tabular"
            onClick={(event) => {
              event.stopPropagation();
              onPeople(id);
            }}
          >
            {t("roles.people", { count: people })}
          </Anchor>
        ),
    },
  ];
  if (roles.isError) return <Failed error={roles.error} onRetry={() => void roles.refetch()} />;
  return (
    <>
      {mayManage && (
        <Group justify="flex-end" mb="md">
          <Button variant="default" size="xs" leftSection={<IconPlus size={15} />} onClick={() => changeUrl({ new: "role" })}>
            {t("roles.create")}
          </Button>
        </Group>
      )}
      {roles.data === undefined ? (
        <TableSkeleton columns={columns} label={t("list.loadingRows")} rows={3} />
      ) : (
        <DataTable
          name={t("roles.title")}
          rows={roles.data.items}
          columns={columns}
          rowId={({ id }) => id}
          onOpen={({ id }) => changeUrl({ id })}
          openRowId={url.get("id")}
        />
      )}
      <RolePanel role={open} onClose={() => changeUrl({ id: null })} />
      {mayManage && <NewRolePanel opened={url.get("new") === "role"} onClose={() => changeUrl({ new: null })} />}
    </>
  );
}
