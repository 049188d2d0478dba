// What is asked each time: user name and password of an account that is not in the vault, or which account the agent's own key shall open.
// It goes to the hub once and is kept nowhere.
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
  asksPassword: boolean;
  onAnswer: (login: Login) => void;
  onClose: () => void;
}

export function LoginQuestion({ asset, username, asksPassword, onAnswer, onClose }: LoginQuestionProps) {
  const { t } = useTranslation();
  const [name, setName] = useState(username);
  const [password, setPassword] = useState("");
  const missing = name === "" || (asksPassword && password === "");
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
          if (!missing) onAnswer(asksPassword ? { username: name, password } : { username: name });
        }}
      >
        <Stack gap="sm">
          <Text size="sm" c="dimmed">
            {t(asksPassword ? "terminal.loginText" : "terminal.ownKeyText")}
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
          {asksPassword && (
            <PasswordInput
              label={t("accounts.password")}
              value={password}
              autoComplete="off"
              onChange={(event) => setPassword(event.currentTarget.value)}
              {...(username !== "" && { "data-autofocus": true })}
            />
          )}
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
