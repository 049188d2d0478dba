// The organisations somebody belongs to, and going to another.
"use client";
import { Menu } from "@mantine/core";
import { IconBuilding, IconCheck } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import { roleTitle } from "../people/role-title.ts";
import { dock } from "../terminal/dock-store.ts";
import { displayText } from "../ui/display-text.ts";
import classes from "./frame.module.css";
import { useMe } from "./me.tsx";

/** In the top bar: a name, and a menu for whoever belongs to several. */
export function OrganisationMenu() {
  const { t } = useTranslation();
  const me = useMe();
  const name = displayText(me.org.name);
  const several = useOrganisations().length > 1;
  if (!several) return <span className={`${classes.organisation} truncate`}>{name}</span>;
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <button
          type="button"
          className={`${classes.organisation} ${classes.switch} truncate`}
          aria-label={t("top.switch", { name })}
        >
          {name} ▾
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <OrganisationItems />
      </Menu.Dropdown>
    </Menu>
  );
}

/** Goes to another, with a page of its own. @param page where to there. */
export function useEnterOrganisation(page = "/") {
  const trpc = useTRPC();
  const queries = useQueryClient();
  return useMutation(
    trpc.organisations.enter.mutationOptions({
      onSuccess: () => {
        // What is on the screen is the other organisation's; its terminals go on without windows.
        dock.leaveAll();
        queries.clear();
        location.assign(page);
      },
    }),
  );
}

/** Nothing for whoever belongs to one. */
export function OrganisationItems() {
  const { t } = useTranslation();
  const me = useMe();
  const organisations = useOrganisations();
  const enter = useEnterOrganisation();
  if (organisations.length < 2) return null;
  return (
    <>
      <Menu.Label>{t("top.organisation")}</Menu.Label>
      {organisations.map(({ id, name, role, roleName }) => (
        <Menu.Item
          key={id}
          leftSection={id === me.org.id ? <IconCheck size={16} /> : <IconBuilding size={16} />}
          disabled={enter.isPending}
          onClick={() => id !== me.org.id && enter.mutate({ id })}
        >
          {displayText(name)} · {roleTitle({ role, roleName }, t)}
        </Menu.Item>
      ))}
      <Menu.Divider />
    </>
  );
}

function useOrganisations() {
  const trpc = useTRPC();
  return useQuery(trpc.organisations.mine.queryOptions()).data?.items ?? [];
}
