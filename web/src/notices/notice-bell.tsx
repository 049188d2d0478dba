// The bell of the top bar: how many notices are unread, and the newest.
"use client";
import { ActionIcon, Button, Group, Popover, Text, Tooltip } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconBell } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import frame from "../frame/frame.module.css";
import { currentLanguage } from "../i18n/i18n.ts";
import { Failed } from "../ui/page-states.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { NoticeList, useMarkRead } from "./notice-list.tsx";
import classes from "./notices.module.css";

/** What is looked at from the top bar; the page has the rest. */
const shownMax = 8;

export function NoticeBell() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const [opened, { toggle, close }] = useDisclosure(false);
  const unread = useQuery(trpc.notices.unread.queryOptions()).data?.unread ?? 0;
  const label = unread === 0 ? t("notices.title") : t("notices.bell", { count: unread });
  return (
    <Popover opened={opened} onChange={(open) => !open && close()} position="bottom-end" width={400} trapFocus>
      <Popover.Target>
        <Tooltip label={label} disabled={opened}>
          <ActionIcon
            className={frame.counted}
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={label}
            aria-expanded={opened}
            onClick={toggle}
          >
            <IconBell size={18} />
            {unread > 0 && <span className={frame.count} data-text={unread > 99 ? "99+" : unread} />}
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown aria-label={t("notices.title")} maw="calc(100vw - 16px)">
        <Newest unread={unread} onClose={close} />
      </Popover.Dropdown>
    </Popover>
  );
}

function Newest({ unread, onClose }: { unread: number; onClose: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const inbox = useQuery(trpc.notices.inbox.queryOptions({ language: currentLanguage(), limit: shownMax }));
  const markRead = useMarkRead();
  return (
    <>
      <Group justify="space-between" wrap="nowrap" mb="xs">
        <Text fw={600} size="sm">
          {t("notices.title")}
        </Text>
        {unread > 0 && (
          <Button size="compact-xs" variant="subtle" loading={markRead.isPending} onClick={() => markRead.mutate({})}>
            {t("notices.markAllRead")}
          </Button>
        )}
      </Group>
      <div className={classes.bell}>
        {inbox.isError ? (
          <Failed error={inbox.error} onRetry={() => void inbox.refetch()} />
        ) : inbox.data === undefined ? (
          <PanelSkeleton />
        ) : inbox.data.items.length === 0 ? (
          <p className={classes.none}>{t("notices.empty")}</p>
        ) : (
          <NoticeList notices={inbox.data.items} brief onFollow={onClose} />
        )}
      </div>
      <Button component={Link} href="/inbox" variant="subtle" size="compact-sm" fullWidth mt="xs" onClick={onClose}>
        {t("notices.all")}
      </Button>
    </>
  );
}
