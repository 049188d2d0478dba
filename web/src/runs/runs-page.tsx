// Runs: scripts that were run on assets.
"use client";
import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import { useMay } from "../frame/me.tsx";
import { List } from "../list/list-page.tsx";
import { nextPage, useSearch } from "../list/use-page-list.ts";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { Page } from "../ui/page.tsx";
import { Empty } from "../ui/page-states.tsx";
import { useRunColumns } from "./run-columns.tsx";

const states = ["queued", "running", "paused", "halted", "stopping", "finished"] as const;

export function RunsPage() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const router = useRouter();
  const mayRun = useMay("run.start");
  const [url] = useUrlState();
  const state = oneOf(url.get("state"), states);
  const query = useInfiniteQuery(trpc.runs.list.infiniteQueryOptions({ ...useSearch(), state }, nextPage));
  const columns = useRunColumns();
  const newRun = mayRun && (
    <Button component={Link} href="/runs/new" leftSection={<IconPlus size={16} />}>
      {t("runs.new")}
    </Button>
  );

  return (
    <Page title={t("runs.title")} purpose={t("runs.purpose")} action={newRun}>
      <List
        name={t("runs.title")}
        query={query}
        columns={columns}
        rowId={(run) => run.id}
        filters={[
          { key: "state", label: t("runs.state"), options: states.map((value) => ({ value, label: t(`runState.${value}`) })) },
        ]}
        empty={
          <Empty title={t("runs.empty")} text={t("runs.emptyText")}>
            {newRun}
          </Empty>
        }
        onOpen={(run) => router.push(`/run?id=${run.id}`)}
      />
    </Page>
  );
}
