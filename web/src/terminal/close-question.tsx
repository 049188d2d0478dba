// Closing a terminal's tab: end the shell, or leave it running in the hub's care?
"use client";
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { displayText } from "../ui/display-text.ts";

interface CloseQuestionProps {
  opened: boolean;
  name: string;
  onEnd: () => void;
  onLeave: () => void;
  onClose: () => void;
}

export function CloseQuestion({ opened, name, onEnd, onLeave, onClose }: CloseQuestionProps) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t("terminal.closeTitle", { name: displayText(name, 60) })}
      closeButtonProps={{ "aria-label": t("action.close") }}
    >
      <Stack gap="md">
        <Text size="sm">{t("terminal.closeText")}</Text>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t("action.cancel")}
          </Button>
          <Button variant="default" onClick={onLeave}>
            {t("terminal.closeLeave")}
          </Button>
          <Button color="red" onClick={onEnd} data-autofocus>
            {t("terminal.closeEnd")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
