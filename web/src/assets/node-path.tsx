// The tree as one walks through it: where one is, and the branches from there. Each level is asked for when it is come to.
"use client";
import { Anchor, Breadcrumbs, Button, Group, Stack } from "@mantine/core";
import { IconFolder } from "@tabler/icons-react";
import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import { displayText } from "../ui/display-text.ts";
import { useLocale } from "../ui/use-locale.ts";

/** @param path ids of nodes, the top one first; empty at the top of the tree. */
export function NodePath({ path, onChange }: { path: readonly string[]; onChange: (path: readonly string[]) => void }) {
  const { t } = useTranslation();
  const { count } = useLocale();
  const trpc = useTRPC();
  const levels = useQueries({
    queries: path.map((_, at) => trpc.nodes.list.queryOptions({ parentId: path[at - 1] ?? null, scope: "mine" })),
  });
  const branches = useQuery(
    trpc.nodes.list.queryOptions({ parentId: path.at(-1) ?? null, scope: "mine" }, { placeholderData: keepPreviousData }),
  );
  const children = branches.data?.items ?? [];
  if (path.length === 0 && children.length === 0) return null;
  const nameOf = (id: string, at: number) => displayText(levels[at]?.data?.items.find((node) => node.id === id)?.name ?? "…");
  return (
    <Stack gap={6} mb="sm">
      {path.length > 0 && (
        <Breadcrumbs separatorMargin={6} aria-label={t("reach.tree")}>
          <Anchor component="button" type="button" size="sm" onClick={() => onChange([])}>
            {t("reach.allNodes")}
          </Anchor>
          {path.map((id, at) => (
            <Anchor key={id} component="button" type="button" size="sm" onClick={() => onChange(path.slice(0, at + 1))}>
              {nameOf(id, at)}
            </Anchor>
          ))}
        </Breadcrumbs>
      )}
      {children.length > 0 && (
        <Group gap={6}>
          {children.map((node) => (
            <Button
              key={node.id}
              size="compact-sm"
              variant="default"
              leftSection={<IconFolder size={15} aria-hidden />}
              rightSection={<span className="tabular">{count(node.assets)}</span>}
              onClick={() => onChange([...path, node.id])}
            >
              {displayText(node.name, 60)}
            </Button>
          ))}
        </Group>
      )}
    </Stack>
  );
}
