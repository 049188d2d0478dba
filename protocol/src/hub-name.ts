// The name a hub's certificate carries for agents. Agents check this, not the address they dialled: a hub may move.

/** `hub_0abc…` → `hub-0abc….sallyport.internal`, a legal DNS name. */
export const hubServerName = (hubId: string): string => `${hubId.replace("_", "-")}.sallyport.internal`;
