// What may be done with a script.
"use client";
import { Alert, Button, Group, Menu, Stack, Text } from "@mantine/core";
import { IconArchive, IconArchiveOff, IconCopy, IconPencil, IconPlayerPlay, IconTrash } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { ScriptDetail } from "../api/types.ts";
import { useMay } from "../frame/me.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { displayText } from "../ui/display-text.ts";
import { MoreActions, useCopyName } from "../ui/more-actions.tsx";
import { showToast } from "../ui/toasts.tsx";

export function ScriptActions({ script }: { script: ScriptDetail }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const router = useRouter();
  const copyName = useCopyName();
  const mayRun = useMay("run.start");
  const [deleting, setDeleting] = useState(false);
  const { id, archived, mayChange } = script;
  const archive = useMutation(
    trpc.scripts.archive.mutationOptions({ onSuccess: () => showToast("done", t("scripts.archiveDone")) }),
  );
  const unarchive = useMutation(
    trpc.scripts.unarchive.mutationOptions({ onSuccess: () => showToast("done", t("scripts.unarchiveDone")) }),
  );
  const duplicate = useMutation(
    trpc.scripts.duplicate.mutationOptions({ onSuccess: (copy) => router.push(`/scripts/edit?id=${copy.id}`) }),
  );
  const remove = useMutation(
    trpc.scripts.remove.mutationOptions({
      meta: { showsError: true },
      onSuccess: () => {
        showToast("done", t("scripts.deleteDone"));
        router.push("/scripts");
      },
    }),
  );
  if (!mayRun) return null;
  return (
    <>
      {!archived && (
        <Button component={Link} href={`/runs/new?script=${id}`} leftSection={<IconPlayerPlay size={16} />}>
          {t("scripts.run")}
        </Button>
      )}
      {mayChange && !archived && (
        <Button variant="default" component={Link} href={`/scripts/edit?id=${id}`} leftSection={<IconPencil size={16} />}>
          {t("scripts.edit")}
        </Button>
      )}
      <MoreActions>
        <Menu.Item leftSection={<IconCopy size={15} />} onClick={() => duplicate.mutate({ id, name: copyName(script.name) })}>
          {t("scripts.duplicate")}
        </Menu.Item>
        {mayChange && (
          <Menu.Item
            leftSection={archived ? <IconArchiveOff size={15} /> : <IconArchive size={15} />}
            onClick={() => (archived ? unarchive : archive).mutate({ id })}
          >
            {archived ? t("scripts.unarchive") : t("scripts.archive")}
          </Menu.Item>
        )}
        {mayChange && (
          <Menu.Item color="red" leftSection={<IconTrash size={15} />} onClick={() => setDeleting(true)}>
            {t("action.delete")}
          </Menu.Item>
        )}
      </MoreActions>
      <Confirm
        opened={deleting}
        title={t("scripts.deleteTitle", { name: displayText(script.name) })}
        action={t("action.delete")}
        pending={remove.isPending}
        disabled={remove.isError}
        onConfirm={() => remove.mutate({ id })}
        onClose={() => {
          setDeleting(false);
          remove.reset();
        }}
      >
        <Stack gap="sm">
          <Text size="sm">{t("scripts.deleteText", { count: script.latest })}</Text>
          {remove.isError && (
            <Alert color="red">
              <Group justify="space-between">
                {errorSentence(remove.error)}
                {!archived && (
                  <Button
                    size="compact-sm"
                    variant="default"
                    onClick={() => {
                      setDeleting(false);
                      archive.mutate({ id });
                    }}
                  >
                    {t("scripts.archive")}
                  </Button>
                )}
              </Group>
            </Alert>
          )}
        </Stack>
      </Confirm>
    </>
  );
}
