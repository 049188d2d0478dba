// Another organisation on the same hub, with an administrator of its own: made in the database, since this version has no page for it.
import { newId } from "@sallyport/protocol/ids";
import type { TestClient } from "./test-client.ts";
import type { TestHub } from "./test-hub.ts";

export async function adminOfSecondOrganisation(hub: TestHub): Promise<{ client: TestClient; orgId: string }> {
  const client = await hub.as("admin", "stranger");
  const { me } = await client.query<{ me: { id: string } }>("auth.state");
  const orgId = newId("org");
  await hub.sql`insert into organisations (id, name, created_at) values (${orgId}, 'Second', now())`;
  await hub.sql`update users set org_id = ${orgId} where id = ${me.id}`;
  return { client, orgId };
}
