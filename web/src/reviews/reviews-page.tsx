// Access reviews: those one is asked to make, and, for who may read grants, all.
"use client";
import { Button, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { AccessReview } from "../api/types.ts";
import type { Column } from "../list/data-table.tsx";
import { List } from "../list/list-page.tsx";
import { nextPage, useSearch } from "../list/use-page-list.ts";
import { displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { Page } from "../ui/page.tsx";
import { Empty } from "../ui/page-states.tsx";
import { NewReview } from "./new-review.tsx";
import { ReviewMark } from "./review-mark.tsx";

export function ReviewsPage() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const router = useRouter();
  const [making, setMaking] = useState(false);
  const query = useInfiniteQuery(trpc.reviews.list.infiniteQueryOptions({ ...useSearch() }, nextPage));
  const make = (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setMaking(true)}>
      {t("reviews.make")}
    </Button>
  );
  const columns: Column<AccessReview>[] = [
    { key: "name", title: t("reviews.name"), cell: ({ name }) => <b style={{ fontWeight: 500 }}>{displayText(name)}</b> },
    { key: "state", title: t("runs.state"), cell: (review) => <ReviewMark review={review} /> },
    {
      key: "progress",
      title: t("reviews.progress"),
      cell: ({ decided, lines }) => (
        <Text span size="sm" className="tabular">
          {decided} / {lines}
        </Text>
      ),
    },
    { key: "reviewer", title: t("reviews.reviewer"), cell: ({ reviewer }) => displayText(reviewer.name), hideOn: "small" },
    { key: "due", title: t("reviews.due"), cell: ({ dueAt }) => <Moment at={dueAt} />, hideOn: "small" },
  ];
  return (
    <Page title={t("reviews.title")} purpose={t("reviews.purpose")} action={make}>
      <List
        name={t("reviews.title")}
        query={query}
        columns={columns}
        rowId={({ id }) => id}
        empty={
          <Empty title={t("reviews.empty")} text={t("reviews.emptyText")}>
            {make}
          </Empty>
        }
        onOpen={({ id }) => router.push(`/review?id=${id}`)}
      />
      {making && <NewReview onClose={() => setMaking(false)} />}
    </Page>
  );
}
