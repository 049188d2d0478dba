// What an approved script places on hosts and collects from them, as whoever decides has to see it.
"use client";
import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { TicketDetail } from "../../api/types.ts";
import { displayText } from "../../ui/display-text.ts";
import { useLocale } from "../../ui/use-locale.ts";

type SeenFile = NonNullable<NonNullable<TicketDetail["script"]>["script"]>["files"][number];

/** Where it goes and what is in it: the content has this hash, and no other. */
function FileSeen({ file }: { file: SeenFile }) {
  const { t } = useTranslation();
  const { bytes } = useLocale();
  const owner = [file.owner, file.group].filter((name) => name !== "").join(":");
  return (
    <div>
      <Text size="sm">
        <span className="mono">{displayText(file.variable === undefined ? file.path : `$${file.variable}`, 1_024)}</span>
        {file.variable === undefined && file.existing === "keep" ? ` · ${t("runFiles.keep")}` : ""}
      </Text>
      <Text size="xs" c="dimmed">
        {[displayText(file.name), bytes(file.sizeBytes), file.mode, displayText(owner)].filter((part) => part !== "").join(" · ")}
      </Text>
      <Text size="xs" c="dimmed" className="mono" style={{ overflowWrap: "anywhere" }}>
        SHA-256 {file.sha256}
      </Text>
    </div>
  );
}

export function ScriptFiles({ files, artefacts }: { files: readonly SeenFile[]; artefacts: readonly string[] }) {
  const { t } = useTranslation();
  return (
    <>
      {files.length > 0 && (
        <div>
          <Text size="sm" fw={600}>
            {t("runFiles.title")}
          </Text>
          {files.map((file) => (
            <FileSeen key={file.variable ?? file.path} file={file} />
          ))}
        </div>
      )}
      {artefacts.length > 0 && (
        <div>
          <Text size="sm" fw={600}>
            {t("artefacts.toCollect")}
          </Text>
          {artefacts.map((path) => (
            <Text key={path} size="sm" className="mono">
              {displayText(path, 1_024)}
            </Text>
          ))}
        </div>
      )}
    </>
  );
}
