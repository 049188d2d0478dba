// Bringing in and taking away a file of rows, beside a list.
"use client";
import { Button, Group } from "@mantine/core";
import { IconDownload, IconUpload } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

export function CsvActions({ href, onImport }: { href: string; onImport: (() => void) | null }) {
  const { t } = useTranslation();
  return (
    <Group gap="xs">
      {onImport !== null && (
        <Button variant="default" size="xs" leftSection={<IconUpload size={15} />} onClick={onImport}>
          {t("csv.import")}
        </Button>
      )}
      <Button component="a" variant="default" size="xs" leftSection={<IconDownload size={15} />} href={href} download>
        {t("csv.export")}
      </Button>
    </Group>
  );
}
