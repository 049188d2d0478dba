// The user name and password of an account that asks for them each time. They go to the hub once and are kept nowhere.
"use client";
import { Button, Group, Modal, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { displayText } from "../ui/display-text.ts";
import type { Login } from "./login.ts";

interface LoginQuestionProps {
  asset: string;
  /** Of an account that is called as the person is; empty: asked, too. */
  username: string;
  onAnswer: (login: Login) => void;
  onClose: () => void;
}

export function LoginQuestion({ asset, username, onAnswer, onClose }: LoginQuestionProps) {
  const { t } = useTranslation();
  const [name, setName] = useState(username);
  const [password, setPassword] = useState("");
  const missing = name === "" || password === "";
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("terminal.loginTitle", { name: displayText(asset, 60) })}
      closeButtonProps={{ "aria-label": t("action.close") }}
      returnFocus={false}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!missing) onAnswer({ username: name, password });
        }}
      >
        <Stack gap="sm">
          <Text size="sm" c="dimmed">
            {t("terminal.loginText")}
          </Text>
          <TextInput
            label={t("accounts.username")}
            value={name}
            readOnly={username !== ""}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setName(event.currentTarget.value)}
            {...(username === "" && { "data-autofocus": true })}
          />
          <PasswordInput
            label={t("accounts.password")}
            value={password}
            autoComplete="off"
            onChange={(event) => setPassword(event.currentTarget.value)}
            {...(username !== "" && { "data-autofocus": true })}
          />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {t("action.cancel")}
            </Button>
            <Button type="submit" disabled={missing}>
              {t("action.connect")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
