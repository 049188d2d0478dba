// The channels by their names.
import type { ChannelKind } from "../input.ts";
import type { ChannelRules } from "./channel.ts";
import { dingtalk } from "./dingtalk.ts";
import { feishu } from "./feishu.ts";
import { slack } from "./slack.ts";
import { teams } from "./teams.ts";
import { webhook } from "./webhook.ts";
import { wecom } from "./wecom.ts";

export const channelRules: Record<ChannelKind, ChannelRules> = { dingtalk, feishu, wecom, slack, teams, webhook };
