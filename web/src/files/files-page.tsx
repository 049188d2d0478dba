// Files that are kept: one's own, and those of the organisation; and those that are on their way here.
"use client";
import { ActionIcon, Button, FileButton, Group, Modal, Radio, Stack, Text, Tooltip } from "@mantine/core";
import { visibilities } from "@sallyport/hub/scripts/input";
import {
  IconAlertTriangle,
  IconCheck,
  IconDownload,
  IconPlayerPause,
  IconPlayerPlay,
  IconRefresh,
  IconTrash,
  IconUpload,
  IconX,
} from "@tabler/icons-react";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence, sentenceOf } from "../api/error-text.ts";
import { useTRPC, useTRPCClient } from "../api/trpc.ts";
import type { KeptFile } from "../api/types.ts";
import { useMay } from "../frame/me.tsx";
import type { Column } from "../list/data-table.tsx";
import { List } from "../list/list-page.tsx";
import { nextPage, useSearch } from "../list/use-page-list.ts";
import { VisibilityMark } from "../scripts/scripts-page.tsx";
import { useStore } from "../state/store.ts";
import { oneOf, useUrlState } from "../state/url-state.ts";
import { Confirm } from "../ui/confirm.tsx";
import { CopyIcon } from "../ui/copy.tsx";
import { displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { Page } from "../ui/page.tsx";
import { Empty } from "../ui/page-states.tsx";
import { StateMark } from "../ui/state-mark.tsx";
import { showToast } from "../ui/toasts.tsx";
import { useLocale } from "../ui/use-locale.ts";
import classes from "./files.module.css";
import { beginUpload, cancelUpload, pauseUpload, resumeUpload, type Upload, uploads } from "./uploads.ts";

/** As the hub's; a larger one is refused before a byte is sent. */
const bytesMax = 2 * 1024 ** 3;
/** Of a hash, enough to compare by eye; the whole is copied. */
const hashShown = 12;

export function FilesPage() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const { bytes } = useLocale();
  const mayRun = useMay("run.start");
  const [url] = useUrlState();
  const [chosen, setChosen] = useState<readonly File[]>([]);
  const query = useInfiniteQuery(
    trpc.files.list.infiniteQueryOptions({ ...useSearch(), mine: url.get("whose") === "mine" }, nextPage),
  );
  const take = (files: readonly File[]) => {
    for (const { name } of files.filter(({ size }) => size > bytesMax))
      showToast("failed", t("files.tooLarge", { name: displayText(name) }));
    setChosen(files.filter(({ size }) => size <= bytesMax));
  };
  const add = mayRun && (
    <FileButton multiple onChange={take}>
      {(props) => (
        <Button {...props} leftSection={<IconUpload size={16} />}>
          {t("files.upload")}
        </Button>
      )}
    </FileButton>
  );
  const columns: Column<KeptFile>[] = [
    {
      key: "name",
      title: t("files.file"),
      cell: ({ name }) => <b style={{ fontWeight: 500, overflowWrap: "anywhere" }}>{displayText(name)}</b>,
    },
    { key: "size", title: t("files.size"), cell: ({ sizeBytes }) => bytes(sizeBytes), align: "right" },
    { key: "state", title: t("files.state"), cell: (file) => <FileState file={file} /> },
    { key: "hash", title: t("files.hash"), cell: ({ sha256 }) => <Hash sha256={sha256} />, hideOn: "medium" },
    {
      key: "visibility",
      title: t("scripts.visibility"),
      cell: (file) => <VisibilityMark {...file} archived={false} />,
      hideOn: "small",
    },
    {
      key: "uses",
      title: t("files.uses"),
      cell: ({ uses }) => (uses === 0 ? t("files.unused") : t("files.usedBy", { count: uses })),
      hideOn: "medium",
    },
    { key: "creator", title: t("files.creator"), cell: ({ owner }) => displayText(owner.name), hideOn: "small" },
    { key: "created", title: t("files.created"), cell: ({ createdAt }) => <Moment at={createdAt} />, hideOn: "small" },
    { key: "actions", title: "", cell: (file) => <FileActions file={file} />, align: "right" },
  ];
  return (
    <Page title={t("files.title")} purpose={t("files.purpose")} action={add}>
      <List
        name={t("files.title")}
        query={query}
        columns={columns}
        rowId={(file) => file.id}
        filters={[{ key: "whose", label: t("files.creator"), options: [{ value: "mine", label: t("scripts.mine") }] }]}
        empty={
          <Empty title={t("files.empty")} text={t("files.emptyText")}>
            {add}
          </Empty>
        }
      />
      {chosen.length > 0 && <Share files={chosen} onClose={() => setChosen([])} />}
    </Page>
  );
}

function Hash({ sha256 }: Pick<KeptFile, "sha256">) {
  if (sha256 === null) return "–";
  return (
    <Group gap={2} wrap="nowrap">
      <span className="mono" title={sha256}>
        {sha256.slice(0, hashShown)}…
      </span>
      <CopyIcon text={sha256} />
    </Group>
  );
}

function FileState({ file }: { file: KeptFile }) {
  const { t } = useTranslation();
  const { bytes } = useLocale();
  const upload = useStore(uploads).get(file.id);
  if (file.state === "ready" && upload === undefined)
    return (
      <StateMark tone="green" icon={IconCheck}>
        {t("files.ready")}
      </StateMark>
    );
  const sent = upload?.sentBytes ?? file.storedBytes;
  const word = upload?.state ?? "cut";
  const tone = word === "failed" ? "red" : word === "sending" || word === "checking" ? "blue" : "amber";
  const icon = word === "failed" ? IconAlertTriangle : word === "sending" || word === "checking" ? IconRefresh : IconPlayerPause;
  return (
    <div className={classes.upload}>
      <StateMark tone={tone} icon={icon} pulse={tone === "blue"}>
        {t(`files.${word}`)}
      </StateMark>
      <span
        className={classes.bar}
        role="progressbar"
        aria-label={t("files.progress", { sent: bytes(sent), size: bytes(file.sizeBytes) })}
        aria-valuemin={0}
        aria-valuemax={file.sizeBytes}
        aria-valuenow={sent}
      >
        <span style={{ width: `${(sent / Math.max(1, file.sizeBytes)) * 100}%` }} />
      </span>
      <span className={classes.sent}>
        {upload?.failure ? sentenceOf(upload.failure) : t("files.progress", { sent: bytes(sent), size: bytes(file.sizeBytes) })}
      </span>
    </div>
  );
}

function FileActions({ file }: { file: KeptFile }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const { bytes } = useLocale();
  const [deleting, setDeleting] = useState(false);
  const upload = useStore(uploads).get(file.id);
  const remove = useMutation(
    trpc.files.remove.mutationOptions({
      onSuccess: () => {
        showToast("done", t("files.deleteDone"));
        setDeleting(false);
      },
      onError: () => setDeleting(false),
    }),
  );
  const name = displayText(file.name);
  if (file.state !== "ready") return <UploadActions file={file} upload={upload} />;
  return (
    <Group gap={2} justify="flex-end" wrap="nowrap">
      <Tooltip label={t("files.download", { name })}>
        <ActionIcon
          component="a"
          href={`/api/v1/files/${file.id}/content`}
          download
          variant="subtle"
          color="gray"
          aria-label={t("files.download", { name })}
        >
          <IconDownload size={16} />
        </ActionIcon>
      </Tooltip>
      {file.mayRemove && (
        <Tooltip label={t("files.delete", { name })}>
          <ActionIcon variant="subtle" color="gray" aria-label={t("files.delete", { name })} onClick={() => setDeleting(true)}>
            <IconTrash size={16} />
          </ActionIcon>
        </Tooltip>
      )}
      <Confirm
        opened={deleting}
        title={t("files.deleteTitle", { name })}
        action={t("action.delete")}
        pending={remove.isPending}
        onConfirm={() => remove.mutate({ id: file.id })}
        onClose={() => setDeleting(false)}
      >
        <Text size="sm">{t("files.deleteText", { size: bytes(file.sizeBytes) })}</Text>
      </Confirm>
    </Group>
  );
}

function UploadActions({ file, upload }: { file: KeptFile; upload: Upload | undefined }) {
  const { t } = useTranslation();
  const client = useTRPCClient();
  const { bytes } = useLocale();
  const name = displayText(file.name);
  const goOn = (content: File) =>
    void resumeUpload(client, file.id, content).catch((error: unknown) => showToast("failed", errorSentence(error)));
  const goOnWith = (chosen: File | null) => {
    if (chosen === null) return;
    if (chosen.size === file.sizeBytes) goOn(chosen);
    else showToast("failed", t("files.otherFile", { name, size: bytes(file.sizeBytes) }));
  };
  const runs = upload !== undefined && upload.state !== "paused" && upload.state !== "failed";
  return (
    <Group gap={2} justify="flex-end" wrap="nowrap">
      {runs && (
        <Tooltip label={t("files.pause", { name })}>
          <ActionIcon variant="subtle" color="gray" aria-label={t("files.pause", { name })} onClick={() => pauseUpload(file.id)}>
            <IconPlayerPause size={16} />
          </ActionIcon>
        </Tooltip>
      )}
      {!runs && upload !== undefined && (
        <Tooltip label={t("files.resume", { name })}>
          <ActionIcon variant="subtle" aria-label={t("files.resume", { name })} onClick={() => goOn(upload.file)}>
            <IconPlayerPlay size={16} />
          </ActionIcon>
        </Tooltip>
      )}
      {upload === undefined && (
        <FileButton onChange={goOnWith}>
          {(props) => (
            <Tooltip label={t("files.resumeWith", { name })}>
              <ActionIcon {...props} variant="subtle" aria-label={t("files.resumeWith", { name })}>
                <IconPlayerPlay size={16} />
              </ActionIcon>
            </Tooltip>
          )}
        </FileButton>
      )}
      <Tooltip label={t("files.cancel", { name })}>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={t("files.cancel", { name })}
          onClick={() => void cancelUpload(client, file.id).catch((error: unknown) => showToast("failed", errorSentence(error)))}
        >
          <IconX size={16} />
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}

/** Asked once for all that were chosen together. */
function Share({ files, onClose }: { files: readonly File[]; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useTRPCClient();
  const { bytes } = useLocale();
  const [visibility, setVisibility] = useState<(typeof visibilities)[number]>("private");
  const begin = () => {
    for (const file of files)
      void beginUpload(client, file, visibility).catch((error: unknown) =>
        showToast("failed", `${displayText(file.name)}: ${errorSentence(error)}`),
      );
    onClose();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("files.shareTitle", { count: files.length })}
      closeButtonProps={{ "aria-label": t("action.close") }}
    >
      <Stack gap="md">
        <ul className={classes.chosen}>
          {files.map(({ name, size }) => (
            <li key={name}>
              {displayText(name)} <span className={classes.sent}>{bytes(size)}</span>
            </li>
          ))}
        </ul>
        <Radio.Group
          label={t("files.shareText")}
          value={visibility}
          onChange={(value) => setVisibility(oneOf(value, visibilities) ?? "private")}
        >
          <Stack gap="xs" mt="xs">
            {visibilities.map((value) => (
              <Radio
                key={value}
                value={value}
                label={t(`scriptVisibility.${value}`)}
                description={t(`fileVisibilityMeaning.${value}`)}
              />
            ))}
          </Stack>
        </Radio.Group>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t("action.cancel")}
          </Button>
          <Button onClick={begin} data-autofocus>
            {t("files.upload")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
