// The star of an asset: one's own, seen by nobody else.
"use client";
import { ActionIcon } from "@mantine/core";
import { IconStar, IconStarFilled } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { Asset } from "../api/types.ts";
import { displayText } from "../ui/display-text.ts";

export function Favourite({ asset: { id, name, favourite } }: { asset: Pick<Asset, "id" | "name" | "favourite"> }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const change = useMutation(
    trpc.assets.setFavourite.mutationOptions({
      onSuccess: () =>
        Promise.all([trpc.assets.pathKey(), trpc.home.pathKey()].map((queryKey) => queries.invalidateQueries({ queryKey }))),
    }),
  );
  const on = change.isPending ? change.variables.favourite : favourite;
  return (
    <ActionIcon
      size="sm"
      variant="subtle"
      color={on ? "yellow" : "gray"}
      aria-pressed={on}
      aria-label={t("reach.favouriteOf", { name: displayText(name) })}
      onClick={(event) => {
        event.stopPropagation();
        change.mutate({ id, favourite: !on });
      }}
    >
      {on ? <IconStarFilled size={15} /> : <IconStar size={15} />}
    </ActionIcon>
  );
}
