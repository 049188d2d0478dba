// Does a provider answer, and as who it should? With the true reason when not.
import { InvalidCredentialsError } from "ldapts";
import { AuthorizationResponseError, ClientError } from "openid-client";
import { askDirectory } from "./directory.ts";
import type { ProviderSettings } from "./input.ts";
import { discover } from "./oidc-client.ts";

/** code: for the console to translate. detail: as the network or the provider said it, cut. */
export type TestResult = { works: boolean; code: string; detail: string };

/** The person's own password and the client's secret are only shown to be right by a sign-in; everything up to there is tried. */
export async function testProviderSettings(settings: ProviderSettings, secret: string | null): Promise<TestResult> {
  if (settings.kind === "ldap") {
    try {
      await askDirectory(settings, secret ?? "", async () => {});
      return { works: true, code: "works", detail: settings.url };
    } catch (error) {
      return failed(error instanceof InvalidCredentialsError ? "service-account" : codeOf(error), deepest(error));
    }
  }
  try {
    const configuration = await discover(settings, secret);
    const { authorization_endpoint, token_endpoint, jwks_uri } = configuration.serverMetadata();
    const missing = Object.entries({ authorization_endpoint, token_endpoint, jwks_uri }).filter(
      ([, value]) => value === undefined,
    );
    if (missing.length > 0) return failed("incomplete", missing.map(([name]) => name).join(", "));
    return { works: true, code: "works", detail: authorization_endpoint ?? "" };
  } catch (error) {
    return failed(codeOf(error), deepest(error));
  }
}

const failed = (code: string, detail: string): TestResult => ({ works: false, code, detail: detail.slice(0, 300) });

/** Node's and OpenSSL's names for what went wrong on the way. */
const byNetwork: Record<string, string> = {
  ENOTFOUND: "name-unknown",
  EAI_AGAIN: "name-unknown",
  ECONNREFUSED: "refused",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  ETIMEDOUT: "timeout",
  UND_ERR_CONNECT_TIMEOUT: "timeout",
  CERT_HAS_EXPIRED: "certificate",
  DEPTH_ZERO_SELF_SIGNED_CERT: "certificate",
  SELF_SIGNED_CERT_IN_CHAIN: "certificate",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "certificate",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "certificate",
  ERR_TLS_CERT_ALTNAME_INVALID: "certificate",
};

function codeOf(error: unknown): string {
  for (const one of chainOf(error)) {
    if (one.name === "TimeoutError") return "timeout";
    const known = "code" in one ? byNetwork[String(one.code)] : undefined;
    if (known !== undefined) return known;
    if ("code" in one && one.code === "OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED") return "other-issuer";
  }
  return error instanceof ClientError || error instanceof AuthorizationResponseError ? "not-a-provider" : "failed";
}

function deepest(error: unknown): string {
  return chainOf(error).at(-1)?.message ?? "";
}

function chainOf(error: unknown): Error[] {
  const chain: Error[] = [];
  // A chain of causes is short; one that is not is somebody's making.
  for (let one = error; one instanceof Error && chain.length < 10; one = one.cause) chain.push(one);
  return chain;
}
